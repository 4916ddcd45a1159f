"""The names of a prediction's results in its output folder."""

TABLE = "predictions.csv"
"""A row an image."""
FINDINGS = "findings.json"
"""The findings, as a COCO file."""
