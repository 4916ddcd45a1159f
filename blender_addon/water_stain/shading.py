"""Effects of a stain on a surface: its reflectance, and minerals that add roughness and dim the grazing reflection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.shader_graph import Value


@dataclass(frozen=True)
class StainShadingParams:
    """Effect of a stain on a surface.

    Gains of 0 leave roughness and specular tint unchanged, as in algorithm 1, which adds the change of reflectance.
    """

    roughness_gain: float = parameter(
        0.0,
        unit="1",
        low=-2.0,
        high=2.0,
        label="Matt Stains",
        description="A stain makes the surface rougher by this much, times the reflectance that it removes",
    )
    tint_gain: float = parameter(
        0.0,
        unit="1",
        low=-3.0,
        high=3.0,
        label="Dull Edges",
        description="A stain dims the grazing reflection by this much, times the reflectance that it removes",
    )
    crust_roughness: float = parameter(
        0.0,
        unit="1",
        low=-1.0,
        high=1.0,
        soft=(-0.3, 0.3),
        label="Matt Crust",
        description="The mineral crust makes the surface rougher by this much",
    )
    multiplied: int = parameter(
        0,
        unit="count",
        low=0,
        high=1,
        label="Keep Hue",
        description="A stain multiplies the surface's colour, which keeps its hue, in place of adding to it",
    )


def draw_stain_shading_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> StainShadingParams:
    """Draw one plate's gains from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(StainShadingParams, ranges, rng)


def stained_reflectance(reflectance: float, change: Value, params: StainShadingParams) -> Value:
    """Return the reflectance under a stain that changes it by `change`; not clamped to 0..1."""
    return (change * reflectance if params.multiplied else change) + reflectance


def stained_roughness(roughness: Value, change: Value, crust: Value, params: StainShadingParams) -> Value:
    """Return the roughness under a stain that changes the reflectance by `change` and has a `crust`, 0..1.

    It is not clamped to 0..1.
    """
    if params.roughness_gain:
        roughness = roughness - change * params.roughness_gain
    return roughness + crust * params.crust_roughness if params.crust_roughness else roughness


def stained_tint(change: Value, params: StainShadingParams) -> Value | None:
    """Return the grey specular tint, 0..1, under a stain; None if the gain is 0 and the tint stays white."""
    return (change * params.tint_gain + 1.0).clamped() if params.tint_gain else None
