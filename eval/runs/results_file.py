"""results.json, the result of an evaluation, validated against results.schema.json on write and on read."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from eval.metrics.record import Metrics, ThresholdCurves
from eval.pictures.files import PictureEntry
from training.user_error import UserError

FORMAT, VERSION = "stainless-evaluation", 2
EVALUATION_FOLDER, RESULTS_FILE = "evaluation", "results.json"
MODEL_RECORDS = ("extractor", "anomaly_map", "coreset", "provenance")
"""Records of the model that both training and evaluation store."""


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "results.schema.json").read_text("utf-8"))
    return schema


def results_document(
    metrics: Metrics,
    curves: ThresholdCurves,
    *,
    model: dict[str, Any],
    dataset: dict[str, Any],
    pictures: list[PictureEntry],
    seconds_per_image: float,
    software: dict[str, str],
) -> dict[str, Any]:
    """Build the content of results.json from JSON-compatible values, and validate it.

    model holds threshold, warnings and the model's record; dataset holds name, root, split and classes. Raises
    ValueError for a value that is not finite, jsonschema.ValidationError for a document that violates the schema.
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "model": model,
        "dataset": dataset,
        "metrics": asdict(metrics),
        "curves": asdict(curves),
        "pictures": [asdict(entry) for entry in pictures],
        "timing": {"seconds_per_image": seconds_per_image},
        "software": software,
    }
    # A round trip through JSON turns tuples into lists, as readers see them, and rejects NaN.
    plain: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    jsonschema.validate(plain, _schema())
    return plain


def read_results(run: Path) -> dict[str, Any]:
    """Read results.json of a run folder. Raises UserError if it is missing, unreadable or of another version."""
    path = run / EVALUATION_FOLDER / RESULTS_FILE
    if not run.is_dir():
        raise UserError(f"there is no run folder {run}")
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        jsonschema.validate(document, _schema())
    except FileNotFoundError:
        raise UserError(f"{run} is not evaluated yet; run: python -m eval.evaluate model={run}") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    except jsonschema.ValidationError as error:
        raise UserError(
            f"{path} does not match this version's format ({error.json_path}: {error.message}); evaluate the run again"
        ) from error
    return document
