"""Definitions of physical parameters: default, unit, range and description.

Node-group interfaces, panels and the job schema all read these definitions, so that each number is written once.
Lengths are in metres and angles in radians.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

Params = TypeVar("Params")
UNITS = ("m", "1/m", "rad", "1", "count")


def parameter(default: float, *, unit: str, low: float, high: float, description: str) -> Any:
    """Return a dataclass field with a unit (one of UNITS), the allowed range [low, high] and a description.

    Raises ValueError for another unit or a default outside the range.
    """
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r} is not one of {UNITS}")
    if not low <= default <= high:
        raise ValueError(f"default {default} lies outside [{low}, {high}]")
    metadata = {"unit": unit, "low": low, "high": high, "description": description}
    return dataclasses.field(default=default, metadata=metadata)


def defaults_of(params_class: type) -> dict[str, Any]:
    """Return the defaults of a dataclass of parameters by field name."""
    return {field.name: field.default for field in dataclasses.fields(params_class)}


def middle(value: Any, default: float) -> float:
    """Return the middle of a range [a, b], or the number itself; whole if the parameter's default is whole."""
    if not isinstance(value, list):
        return value
    mean = (value[0] + value[1]) / 2
    return int(mean) if isinstance(default, int) else mean


def draw_params(params_class: type[Params], ranges: Mapping[str, Any], rng: np.random.Generator) -> Params:
    """Draw a `params_class` from `ranges`: a number is used as it is, a pair [a, b] is drawn uniformly.

    One uniform number is drawn for every field, in the order of the definition, even if it is not used. Fixing one
    parameter therefore leaves the others unchanged. Fields with the unit "count" draw whole numbers from a to b
    inclusive. Fields that `ranges` does not name keep their default.
    """
    values = {}
    for field in dataclasses.fields(params_class):  # type: ignore[arg-type]
        uniform = rng.random()
        spec = ranges.get(field.name, field.default)
        if isinstance(spec, (list, tuple)):
            a, b = spec
            value = a + int(uniform * (b - a + 1)) if field.metadata["unit"] == "count" else a + uniform * (b - a)
        else:
            value = spec
        values[field.name] = value
    return params_class(**values)
