"""Ranges that random stains are drawn from, around what an artist has set, by the same draw as in render jobs."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..definitions.parameter import parameter
from .params import WaterStainParams, draw_water_stain_params

RANGED = ("cell_size", "radius", "frequency", "amplitude", "decay", "intensity")  # algorithm 1's
SPREAD = 0.2  # ranges go from so much below a value to so much above it
FIELDS = {field.name: field for field in dataclasses.fields(WaterStainParams)}


def around(name: str, value: float, spread: float) -> tuple[float, float]:
    """Return the range of a field around a value, cut to what the field may be."""
    meta = FIELDS[name].metadata
    ends = (value - abs(value) * spread, value + abs(value) * spread)
    low, high = (float(f"{min(max(end, meta['low']), meta['high']):.6g}") for end in ends)
    return low, high


def _end(name: str, end: int) -> Any:
    meta = FIELDS[name].metadata
    words = f"{('Least', 'Most')[end]} that random stains are drawn from"
    value = around(name, FIELDS[name].default, SPREAD)[end]
    return parameter(value, unit=meta["unit"], low=meta["low"], high=meta["high"], description=words)


StainRanges = dataclasses.make_dataclass(
    "StainRanges",
    [(f"{name}_{('low', 'high')[end]}", float, _end(name, end)) for name in RANGED for end in (0, 1)],
    frozen=True,
)


def ranges_by_field(ranges: Any) -> dict[str, tuple[float, float]]:
    """Return [least, most] by field of WaterStainParams, and of the seed: which stains there are is always drawn.

    Raises ValueError where a least lies above its most.
    """
    pairs = {name: (getattr(ranges, f"{name}_low"), getattr(ranges, f"{name}_high")) for name in RANGED}
    for name, (low, high) in pairs.items():
        if low > high:
            raise ValueError(f"random stains: the least {name} = {low:g} lies above the most = {high:g}")
    seed = FIELDS["seed_offset"].metadata
    return {**pairs, "seed_offset": (seed["low"], seed["high"])}


def draw_stain(ranges: Mapping[str, tuple[float, float]], others: Mapping[str, float], seed: int) -> WaterStainParams:
    """Draw the stains of a seed; what has no range stays as in `others`.

    Raises ValueError where the drawn stains would be cut off.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed,))))
    return draw_water_stain_params(rng, {**others, **ranges})
