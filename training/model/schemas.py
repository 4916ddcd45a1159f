"""Validation of the records in model files against conf/schemas."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

_FOLDER = Path(__file__).resolve().parents[2] / "conf" / "schemas"
_SHARED = "coreset.schema.json"


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """Return the validator of a schema file in conf/schemas.

    ``threshold``, ``provenance`` and ``reference`` are defined in the coreset's schema; all know them by their names.
    """
    schema, shared = (json.loads((_FOLDER / file).read_text(encoding="utf-8")) for file in (name, _SHARED))
    definitions = {**shared["$defs"], "threshold": shared["properties"]["threshold"], **schema.get("$defs", {})}
    return jsonschema.Draft202012Validator({**schema, "$defs": definitions})


def first_mistake(name: str, document: Any) -> str | None:
    """Return the first mistake of a document and its place, or None."""
    first = jsonschema.exceptions.best_match(validator(name).iter_errors(document))
    return None if first is None else f"{first.json_path}: {first.message}"
