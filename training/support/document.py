"""Frozen dataclasses as plain documents for JSON files."""

from dataclasses import asdict
from typing import Any


def document_of(settings: Any) -> dict[str, Any]:
    """Return a dataclass as dicts, lists and plain values, in the order of its fields.

    Nested dataclasses and NamedTuples become dicts.
    """
    return {name: _plain(value) for name, value in asdict(settings).items()}


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):  # a NamedTuple
        return _plain(value._asdict())
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return value
