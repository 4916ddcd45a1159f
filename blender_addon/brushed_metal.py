"""Brushed aluminium: an anisotropic metal whose fine grooves run along x, as a solid texture of surface points."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from .parameter import draw_params, parameter
from .shader_graph import Value, combine, noise, separate

SECOND_LAYER_OFFSET = 37.7  # noise units: the roughness streaks read another part of the noise than the grooves


@dataclass(frozen=True)
class BrushedMetalParams:
    """The parallel texture of the plates, with the numbers that make the hexagon readable in its reflection."""

    base_reflectance: float = parameter(0.80, unit="1", low=0.0, high=1.0, description="Of the bare metal")
    roughness: float = parameter(0.14, unit="1", low=0.0, high=1.0, description="Mean microfacet roughness")
    roughness_variation: float = parameter(
        0.05, unit="1", low=0.0, high=1.0, description="How far groove bundles deviate from the mean roughness"
    )
    anisotropy: float = parameter(
        0.5, unit="1", low=0.0, high=1.0, description="Of the microfacets, smeared across the grooves"
    )
    groove_depth: float = parameter(
        3e-6, unit="m", low=0.0, high=1e-3, description="Amplitude of the grooves; far more hides the light's outline"
    )
    frequency_along: float = parameter(40.0, unit="1/m", low=0.0, high=1e5, description="Noise along the grooves")
    frequency_across: float = parameter(6000.0, unit="1/m", low=0.0, high=1e6, description="Noise across the grooves")
    texture_offset: float = parameter(
        0.0, unit="1", low=0.0, high=1000.0, description="Which plate this is: a shift of the noise, in its own units"
    )


def draw_brushed_metal_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> BrushedMetalParams:
    """Draw one plate's metal from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(BrushedMetalParams, ranges, rng)


def brushed_metal_height(
    tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, params: BrushedMetalParams
) -> tuple[Value, Value]:
    """Add the grooves to a material's tree; return their height [m] and the surface's roughness [0, 1]."""
    x, y, _ = separate(tree, position)
    along, across = x * params.frequency_along, y * params.frequency_across
    grooves = noise(tree, combine(tree, along, across, params.texture_offset), detail=2.0)
    bundles = noise(
        tree, combine(tree, along * 0.25, across * 0.1, params.texture_offset + SECOND_LAYER_OFFSET), detail=3.0
    )
    return grooves * params.groove_depth, (bundles * params.roughness_variation + params.roughness).clamped()
