"""results.json: what one evaluation says of itself, validated on write and on read (results.schema.json)."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from eval.metrics.record import Metrics, ThresholdCurves
from eval.pictures.files import PictureEntry
from training.support.user_error import UserError

FORMAT, VERSION = "stainless-evaluation", 2
FOLDER, FILE = "evaluation", "results.json"


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
    """The document of one evaluation. model: run, threshold, warnings, ...; dataset: name, root, split, classes."""
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
    # Through JSON once, so that the document is what a reader will see (tuples become lists) and holds no NaN.
    plain: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    jsonschema.validate(plain, _schema())
    return plain


def read_results(run: Path) -> dict[str, Any]:
    """Read the results of a run folder. Raises UserError when there are none, or none of this version."""
    path = run / FOLDER / FILE
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
            f"{path} is not a result of this version ({error.json_path}: {error.message}); evaluate again"
        ) from error
    return document
