"""Dataclass fields that carry the JSON Schema of their keys.

`schema_of` derives the schema of a JSON object from such a dataclass, and `read` builds the dataclass from an object
that follows the schema. Both use the same fields, so a key, its rule and its default are defined once.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from typing import Any, TypeVar

Schema = dict[str, Any]
Part = TypeVar("Part")
Ranges = Mapping[str, Any]  # parameters by name: a number, or a pair [a, b] to draw from


@dataclass(frozen=True)
class Key:
    """One key of a JSON object: the name under which a field stores it, its schema, whether it must be present."""

    name: str
    schema: Schema
    required: bool


def entry(schema: Schema | Callable[[], Schema], read_value: Callable[[Any], Any] | None = None, **default: Any) -> Any:
    """Return a dataclass field that reads the key of its own name.

    `read_value` converts the JSON value. A field with `default=` or `default_factory=` is optional in the JSON object.
    """

    def keys(name: str) -> dict[str, Key]:
        return {name: Key(name, schema() if callable(schema) else schema, not default)}

    def read_entry(name: str, document: Mapping[str, Any]) -> Any:
        if name not in document:
            return MISSING
        return read_value(document[name]) if read_value else document[name]

    return dataclasses.field(**default, metadata={"keys": keys, "read": read_entry})


def entries(keys: Callable[[], dict[str, Key]], absent: Any, read_value: Callable[[Any], Any]) -> Any:
    """Return a dataclass field that gathers several keys of the JSON object: a dict from their names to their values.

    `keys` is called on every use, so that it may follow a table. An absent key has the value `absent`.
    """

    def read_entries(_name: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return {key.name: read_value(document.get(name, absent)) for name, key in keys().items()}

    return dataclasses.field(metadata={"keys": lambda _name: keys(), "read": read_entries})


def schema_of(part: type, **constants: Any) -> Schema:
    """Return the JSON Schema of a dataclass of entries; `constants` are further keys with fixed values, put first."""
    keys = {name: Key(name, {"const": value}, True) for name, value in constants.items()}
    for field in dataclasses.fields(part):
        keys |= field.metadata["keys"](field.name)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, key in keys.items() if key.required],
        "properties": {name: key.schema for name, key in keys.items()},
    }


def read(part: type[Part], document: Mapping[str, Any]) -> Part:
    """Build a dataclass of entries from a JSON object that follows its schema; absent keys take their defaults."""
    values = {field.name: field.metadata["read"](field.name, document) for field in dataclasses.fields(part)}  # type: ignore[arg-type]
    return part(**{name: value for name, value in values.items() if value is not MISSING})


def numbers(params_class: type) -> Schema:
    """Return the schema of parameters that all samples share: each is a number."""
    return _parameters(params_class, lambda number, kind: {"type": kind, **number})


def ranges(params_class: type) -> Schema:
    """Return the schema of parameters that are drawn: each is a number, or a pair [a, b] to draw from."""

    def number_or_pair(number: Schema, kind: str) -> Schema:
        pair = {"items": {"type": kind, **number}, "minItems": 2, "maxItems": 2}
        return {"type": [kind, "array"], **number, **pair}

    return _parameters(params_class, number_or_pair)


def _parameters(params_class: type, rule: Callable[[Schema, str], Schema]) -> Schema:
    properties = {}
    for field in dataclasses.fields(params_class):
        meta = field.metadata
        number = {"minimum": meta["low"], "maximum": meta["high"]}
        kind = "integer" if meta["unit"] == "count" else "number"
        properties[field.name] = {
            "description": f"{meta['description']} [{meta['unit']}]",
            "default": field.default,
            **rule(number, kind),
        }
    return {"type": "object", "additionalProperties": False, "properties": properties}
