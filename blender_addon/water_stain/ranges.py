"""Ranges of random stains around an artist's settings; the draw is the same as in render jobs."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..definitions.parameter import defaults_of, parameter
from .params import WaterStainParams, draw_water_stain_params

RANGED = ("cell_size", "radius", "frequency", "amplitude", "decay", "intensity")  # of algorithm 1
SPREAD = 0.2  # half width of a range, relative to its middle
FIELDS = {field.name: field for field in dataclasses.fields(WaterStainParams)}
DEFAULTS = defaults_of(WaterStainParams)


def range_around(name: str, value: float, spread: float) -> tuple[float, float]:
    """Return the range of a field around a value, clamped to the field's limits."""
    meta = FIELDS[name].metadata
    ends = (value - abs(value) * spread, value + abs(value) * spread)
    low, high = (float(f"{min(max(end, meta['low']), meta['high']):.6g}") for end in ends)
    return low, high


def _end(name: str, end: int) -> Any:
    meta = FIELDS[name].metadata
    limit, bound = (("Lower", "least"), ("Upper", "most"))[end]
    words = f"Random stains have at {bound} this {meta['label']}"
    wave = (
        f"Random stains have an outline with lobes of at {('most', 'least')[end]} this length" if meta["wave"] else ""
    )
    return parameter(
        range_around(name, DEFAULTS[name], SPREAD)[end],
        **{key: meta[key] for key in ("unit", "low", "high", "soft")},
        label=f"{limit} {meta['label']}",
        description=words,
        wave=wave,
    )


StainRanges = dataclasses.make_dataclass(
    "StainRanges",
    [(f"{name}_{('low', 'high')[end]}", float, _end(name, end)) for name in RANGED for end in (0, 1)],
    frozen=True,
)


def ranges_by_field(ranges: Any) -> dict[str, tuple[float, float]]:
    """Return (low, high) by field of WaterStainParams, including the seed offset, which is always drawn.

    Raises ValueError if a lower end lies above its upper end.
    """
    pairs = {name: (getattr(ranges, f"{name}_low"), getattr(ranges, f"{name}_high")) for name in RANGED}
    for name, (low, high) in pairs.items():
        if low > high:
            raise ValueError(f"random stains: the least {name} = {low:g} lies above the most = {high:g}")
    seed = FIELDS["seed_offset"].metadata
    return {**pairs, "seed_offset": (seed["low"], seed["high"])}


def draw_stain(ranges: Mapping[str, tuple[float, float]], others: Mapping[str, float], seed: int) -> WaterStainParams:
    """Draw the stains of a seed; parameters without a range keep their values in `others`.

    Raises ValueError if the drawn stains would be cut off.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed,))))
    return draw_water_stain_params(rng, {**others, **ranges})
