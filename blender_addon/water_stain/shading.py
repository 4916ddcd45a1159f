"""Effects of a stain besides its reflectance: minerals add roughness and dim the grazing reflection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.shader_graph import Value


@dataclass(frozen=True)
class StainShadingParams:
    """Gains on a stain's change of reflectance; 0 leaves roughness and specular tint unchanged, as in algorithm 1."""

    roughness_gain: float = parameter(
        0.0, unit="1", low=-2.0, high=2.0, description="Roughness added per unit of reflectance that the stain removes"
    )
    tint_gain: float = parameter(
        0.0,
        unit="1",
        low=-3.0,
        high=3.0,
        description="Specular tint removed per unit of reflectance that the stain removes",
    )


def draw_stain_shading_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> StainShadingParams:
    """Draw one plate's gains from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(StainShadingParams, ranges, rng)


def stained_roughness(roughness: Value, change: Value, params: StainShadingParams) -> Value:
    """Return the roughness under a stain that changes the reflectance by `change`; not clamped to 0..1."""
    return roughness - change * params.roughness_gain if params.roughness_gain else roughness


def stained_tint(change: Value, params: StainShadingParams) -> Value | None:
    """Return the grey specular tint, 0..1, under a stain; None if the gain is 0 and the tint stays white."""
    return (change * params.tint_gain + 1.0).clamped() if params.tint_gain else None
