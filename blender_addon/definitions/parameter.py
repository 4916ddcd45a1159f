"""One definition per physical parameter: its default, unit, range and words.

Node-group interfaces, panels, the job schema and the documentation all read these definitions; a number stands
here once. Lengths are metres and angles radians.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

Params = TypeVar("Params")
UNITS = ("m", "1/m", "rad", "1", "count")


def parameter(default: float, *, unit: str, low: float, high: float, description: str) -> Any:
    """Return a dataclass field that carries `unit` (one of UNITS), the allowed range [low, high] and a description."""
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r} is not one of {UNITS}")
    if not low <= default <= high:
        raise ValueError(f"default {default} lies outside [{low}, {high}]")
    metadata = {"unit": unit, "low": low, "high": high, "description": description}
    return dataclasses.field(default=default, metadata=metadata)


def draw_params(params_class: type[Params], ranges: Mapping[str, Any], rng: np.random.Generator) -> Params:
    """Draw a `params_class`: a number in `ranges` is taken as it is, a pair [a, b] is drawn uniformly from it.

    One uniform number is drawn for every field, in the order of the definition, whether it is needed or not, so
    that fixing one parameter leaves the others as they were. Whole-number fields (unit "count") draw from a..b
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
