"""Validator for the subset of JSON Schema that this project uses; Blender's Python has no validator.

Keywords: type, const, enum, required, properties, additionalProperties, items, minItems,
maxItems, minLength, minimum, maximum, exclusiveMinimum. Any other keyword raises an error.
"""

import difflib
import json
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Check = Callable[[Any, Any, str, Schema], Iterator[str]]
ANNOTATIONS = {"$schema", "title", "description", "default"}
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def schema_errors(value: Any, schema: Schema, where: str = "") -> Iterator[str]:
    """Yield a line for every violation of `schema` by `value`; `where` is the dotted path to the value.

    Raises ValueError for a keyword outside the supported subset.
    """
    for keyword, rule in schema.items():
        if keyword not in ANNOTATIONS:
            check = _CHECKS.get(keyword)
            if check is None:
                raise ValueError(f"JSON Schema keyword {keyword!r} is not supported here")
            yield from check(value, rule, where, schema)


def _name(where: str) -> str:
    return where or "the file"


def _child(where: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{where}[{key}]"
    return f"{where}.{key}" if where else key


def _type(value: Any, rule: str | list[str], where: str, schema: Schema) -> Iterator[str]:
    allowed = [rule] if isinstance(rule, str) else rule
    for name in allowed:
        if isinstance(value, bool) and name != "boolean":
            continue
        if isinstance(value, TYPES[name]) or (name == "integer" and isinstance(value, float) and value.is_integer()):
            return
    yield f"{_name(where)} must be {' or '.join(allowed)}, not {json.dumps(value)[:60]}"


def _const(value: Any, rule: Any, where: str, schema: Schema) -> Iterator[str]:
    if value != rule or isinstance(value, bool) != isinstance(rule, bool):
        yield f"{_name(where)} must be {json.dumps(rule)}, not {json.dumps(value)[:60]}"


def _enum(value: Any, rule: list, where: str, schema: Schema) -> Iterator[str]:
    if value not in rule:
        yield f"{_name(where)} must be one of {', '.join(map(json.dumps, rule))}, not {json.dumps(value)[:60]}"


def _required(value: Any, rule: list[str], where: str, schema: Schema) -> Iterator[str]:
    if isinstance(value, dict):
        for key in rule:
            if key not in value:
                yield f"{_name(where)} lacks the key {key!r}"


def _properties(value: Any, rule: dict, where: str, schema: Schema) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in rule.items():
            if key in value:
                yield from schema_errors(value[key], child, _child(where, key))


def _additional(value: Any, rule: bool | dict, where: str, schema: Schema) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    known = schema.get("properties", {})
    for key in value:
        if key in known:
            continue
        if rule is False:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            hint = f"; did you mean {_child(where, near[0])!r}?" if near else ""
            yield f"unknown key {_child(where, key)!r}{hint}"
        elif isinstance(rule, dict):
            yield from schema_errors(value[key], rule, _child(where, key))


def _items(value: Any, rule: dict, where: str, schema: Schema) -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from schema_errors(item, rule, _child(where, index))


def _bound(holds: Callable[[float, float], bool], words: str) -> Check:
    def check(value: Any, rule: float, where: str, schema: Schema) -> Iterator[str]:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not holds(value, rule):
            yield f"{_name(where)} must be {words} {rule:g}, not {value:g}"

    return check


def _length(kind: type[list[Any]] | type[str], holds: Callable[[int, int], bool], words: str) -> Check:
    def check(value: Any, rule: int, where: str, schema: Schema) -> Iterator[str]:
        if isinstance(value, kind) and not holds(len(value), rule):
            yield f"{_name(where)} must have {words} {rule} {'items' if kind is list else 'characters'}"

    return check


_CHECKS: dict[str, Check] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "minItems": _length(list, operator.ge, "at least"),
    "maxItems": _length(list, operator.le, "at most"),
    "minLength": _length(str, operator.ge, "at least"),
    "minimum": _bound(operator.ge, "at least"),
    "maximum": _bound(operator.le, "at most"),
    "exclusiveMinimum": _bound(operator.gt, "above"),
}
