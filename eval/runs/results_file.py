"""results.json, the result of an evaluation, validated against results.schema.json on write and on read."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from eval.runs.results import Results, from_document, to_document
from training.support.user_error import UserError
from training.support.whole_file import write_json

EVALUATION_FOLDER, RESULTS_FILE = "evaluation", "results.json"


def write_results(results: Results, folder: Path) -> dict[str, Any]:
    """Write results.json into the folder and return its content.

    Raises ValueError for a number that is not finite, jsonschema.ValidationError for values that violate the schema.
    """
    document = to_document(results)
    jsonschema.validate(document, _schema())
    write_json(folder / RESULTS_FILE, document)
    return document


def read_results(run: Path) -> Results:
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
    return from_document(document)


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "results.schema.json").read_text("utf-8"))
    return schema
