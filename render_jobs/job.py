"""Job files, validated against the committed schema. Needs no Blender."""

import json
from pathlib import Path
from typing import Any

from blender_addon.job.validation import read_document, validate_document

SCHEMAS = Path(__file__).resolve().parent.parent / "conf" / "schemas"


def read_schema(name: str) -> dict[str, Any]:
    """Return the committed schema `name` ('job' or 'dataset')."""
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def read_job(path: Path) -> dict[str, Any]:
    """Read and validate a job file; see `read_document`. Raises JobError."""
    return read_document(path, read_schema("job"))


def validate_job(document: Any, source: str) -> None:
    """Validate a job; `source` names it in messages; see `validate_document`. Raises JobError."""
    validate_document(document, source, read_schema("job"))
