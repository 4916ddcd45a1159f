"""Brushed aluminium: an anisotropic metal with parallel grooves along x."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.shader_graph import combine, noise, separate
from .finish import Finish, constant_direction, roughness_bundles
from .parallel_grooves import groove_slope

SWAY_ACROSS = 60.0  # 1/m; frequency of the sway across the grooves, so that neighbours sway together


@dataclass(frozen=True)
class BrushedMetalParams:
    """Parallel grooves; the defaults keep the hexagon of the ring light visible in the reflection."""

    base_reflectance: float = parameter(0.80, unit="1", low=0.0, high=1.0, description="Reflectance of the bare metal")
    roughness: float = parameter(0.14, unit="1", low=0.0, high=1.0, description="Mean microfacet roughness")
    roughness_variation: float = parameter(
        0.05, unit="1", low=0.0, high=1.0, description="Deviation of groove bundles from the mean roughness"
    )
    anisotropy: float = parameter(
        0.5,
        unit="1",
        low=0.0,
        high=1.0,
        description="Anisotropy of the microfacets, which smear reflections across the grooves",
    )
    spacing: float = parameter(
        1.8e-4, unit="m", low=1e-6, high=0.1, description="Mean distance between neighbouring grooves"
    )
    spacing_variation: float = parameter(
        1.0, unit="1", low=0.0, high=1.0, description="Irregularity of the grooves' positions"
    )
    groove_width: float = parameter(
        0.7, unit="1", low=0.01, high=1.0, description="Mean width of a groove, relative to the spacing"
    )
    groove_depth: float = parameter(
        2.4e-6,
        unit="m",
        low=0.0,
        high=1e-3,
        description="Mean depth of a groove; much deeper grooves hide the light's outline",
    )
    groove_variation: float = parameter(
        0.8, unit="1", low=0.0, high=1.0, description="Deviation of widths and depths, relative to their means"
    )
    groove_length: float = parameter(
        0.025, unit="m", low=1e-5, high=10.0, description="Length of a swell in a groove's depth"
    )
    waviness: float = parameter(4e-4, unit="m", low=0.0, high=0.1, description="Amplitude of the grooves' sway")
    wave_length: float = parameter(0.06, unit="m", low=1e-4, high=10.0, description="Wavelength of the sway")
    texture_offset: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1000.0,
        description="Number of the plate, which seeds the grooves and shifts the noise",
    )


def draw_brushed_metal_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> BrushedMetalParams:
    """Draw one plate's metal from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(BrushedMetalParams, ranges, rng)


def brushed_metal(tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, params: BrushedMetalParams) -> Finish:
    """Add the metal to a material's tree."""
    x, y, _ = separate(tree, position)
    sway = combine(tree, x * (1.0 / params.wave_length), y * SWAY_ACROSS, params.texture_offset)
    across = y + noise(tree, sway, detail=0.0) * params.waviness
    slope = groove_slope(
        tree,
        x,
        across,
        params.texture_offset,
        spacing=params.spacing,
        spacing_variation=params.spacing_variation,
        width=params.groove_width,
        depth=params.groove_depth,
        variation=params.groove_variation,
        length=params.groove_length,
    )
    return Finish(
        slope=slope,
        height=None,
        roughness=roughness_bundles(tree, x, across, params),
        reflectance=params.base_reflectance,
        anisotropy=params.anisotropy,
        across=constant_direction(tree, (0.0, 1.0, 0.0)),
    )
