"""Validation of the records in model files against conf/schemas, whose files refer to each other."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

_FOLDER = Path(__file__).resolve().parents[2] / "conf" / "schemas"
_NAMES = ("coreset.schema.json", "defect_map.schema.json", "fusion.schema.json")


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """Return the validator of a schema file in conf/schemas."""
    schemas = {file: json.loads((_FOLDER / file).read_text(encoding="utf-8")) for file in _NAMES}
    registry: Any = Registry().with_resources((file, Resource.from_contents(text)) for file, text in schemas.items())
    return jsonschema.Draft202012Validator(schemas[name], registry=registry)


def first_mistake(name: str, document: Any) -> str | None:
    """Return the first mistake of a document and its place, or None."""
    first = jsonschema.exceptions.best_match(validator(name).iter_errors(document))
    return None if first is None else f"{first.json_path}: {first.message}"
