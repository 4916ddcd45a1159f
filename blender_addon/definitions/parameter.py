"""Definitions of physical parameters: default, unit, range and description.

Node-group interfaces, panels and the job schema all read these definitions, so that each number is written once.
Lengths are in metres and angles in radians.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

Params = TypeVar("Params")
UNITS = ("m", "1/m", "rad", "1", "count")
SOFT_SPAN = 5.0  # end of a field's soft range, in defaults
SOFT_LENGTH = 0.1  # metres; end of the soft range of a length whose default is 0


class LogRange(NamedTuple):
    """A range that is drawn log-uniformly, whatever its parameter's definition says; both ends are above 0."""

    low: float
    high: float


def parameter(
    default: float,
    *,
    unit: str,
    low: float,
    high: float,
    description: str,
    label: str = "",
    soft: tuple[float, float] | None = None,
    wave: str = "",
    logarithmic: bool = False,
) -> Any:
    """Return a dataclass field with a unit (one of UNITS), the allowed range [low, high] and a description.

    `label` is its name in panels (default: the field's). `soft` is the range that a field's slider covers (default:
    `_soft_range`); typing may go beyond it. `wave` describes the wavelength, which panels show in place of a frequency.
    A `logarithmic` parameter is drawn log-uniformly: each factor of two is equally likely. Raises ValueError for
    another unit, a default or a soft range outside the range, or a logarithmic parameter that may be 0.
    """
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r} is not one of {UNITS}")
    if not low <= default <= high:
        raise ValueError(f"default {default} lies outside [{low}, {high}]")
    if logarithmic and low <= 0:
        raise ValueError("a logarithmic parameter must be above 0")
    soft = soft or _soft_range(default, unit, low, high)
    if not low <= soft[0] < soft[1] <= high:
        raise ValueError(f"the soft range {soft} must grow inside [{low}, {high}]")
    metadata = {"unit": unit, "low": low, "high": high, "soft": soft, "label": label, "description": description}
    return dataclasses.field(default=default, metadata=metadata | {"wave": wave, "logarithmic": logarithmic})


def _soft_range(default: float, unit: str, low: float, high: float) -> tuple[float, float]:
    """Return the soft range of a parameter without one of its own: up to some defaults, a turn, or the whole range."""
    if unit == "rad":
        return max(low, -math.pi), min(high, math.pi)
    if unit == "count" or (unit == "1" and (high <= 1.0 or not default)):
        return low, high
    end = SOFT_SPAN * abs(default) or SOFT_LENGTH
    return max(low, -end), min(high, end)


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
    """Draw a `params_class` from `ranges`: a number is used as it is, a pair [a, b] is drawn from a to b.

    Most parameters are drawn uniformly; logarithmic ones, and a LogRange, are drawn log-uniformly. One uniform number
    is drawn for every field, in the order of the definition, even if it is not used. Fixing one parameter therefore
    leaves the others unchanged. Fields with the unit "count" draw whole numbers from a to b inclusive. Fields that
    `ranges` does not name keep their default.
    """
    values = {}
    for field in dataclasses.fields(params_class):  # type: ignore[arg-type]
        uniform = rng.random()
        spec = ranges.get(field.name, field.default)
        is_range = isinstance(spec, (list, tuple))
        if is_range:
            logarithmic = field.metadata["logarithmic"] or isinstance(spec, LogRange)
            values[field.name] = _between(spec[0], spec[1], uniform, logarithmic, field.metadata["unit"] == "count")
        else:
            values[field.name] = spec
    return params_class(**values)


def _between(a: float, b: float, uniform: float, logarithmic: bool, is_count: bool) -> float:
    """Return the number from a to b at a uniform number in [0, 1)."""
    if logarithmic:
        return min(math.floor(a * ((b + 1) / a) ** uniform), b) if is_count else a * (b / a) ** uniform
    return a + int(uniform * (b - a + 1)) if is_count else a + uniform * (b - a)
