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

    base_reflectance: float = parameter(
        0.80,
        unit="1",
        low=0.0,
        high=1.0,
        label="Reflectance",
        description="The bare metal reflects this part of the light",
    )
    roughness: float = parameter(
        0.14,
        unit="1",
        low=0.0,
        high=1.0,
        soft=(0.0, 0.6),
        label="Roughness",
        description="Higher blurs the light's reflection more",
    )
    roughness_variation: float = parameter(
        0.05,
        unit="1",
        low=0.0,
        high=1.0,
        soft=(0.0, 0.2),
        label="Streaks",
        description="Bundles of grooves are rougher or smoother than the rest by up to this much",
    )
    anisotropy: float = parameter(
        0.5,
        unit="1",
        low=0.0,
        high=1.0,
        label="Anisotropy",
        description="Higher smears reflections more across the grooves than along them",
    )
    spacing: float = parameter(
        1.8e-4,
        unit="m",
        low=1e-6,
        high=0.1,
        label="Spacing",
        description="Neighbouring grooves lie this far apart on average",
    )
    spacing_variation: float = parameter(
        1.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Irregularity",
        description="Lower spaces the grooves evenly; 1 leaves their places to chance",
    )
    groove_width: float = parameter(
        0.7,
        unit="1",
        low=0.01,
        high=1.0,
        label="Groove Width",
        description="A groove is this wide on average, relative to the spacing",
    )
    groove_depth: float = parameter(
        2.4e-6,
        unit="m",
        low=0.0,
        high=1e-3,
        label="Groove Depth",
        description="A groove is this deep on average; much deeper ones hide the light's outline",
    )
    groove_variation: float = parameter(
        0.8,
        unit="1",
        low=0.0,
        high=1.0,
        label="Variety",
        description="Grooves are wider, narrower, deeper or shallower than average by up to this part",
    )
    groove_length: float = parameter(
        0.025,
        unit="m",
        low=1e-5,
        high=10.0,
        label="Groove Length",
        description="A groove becomes deeper and shallower again over about this length",
    )
    waviness: float = parameter(
        4e-4,
        unit="m",
        low=0.0,
        high=0.1,
        label="Waviness",
        description="Grooves sway to either side by up to this distance",
    )
    wave_length: float = parameter(
        0.06, unit="m", low=1e-4, high=10.0, label="Wavelength", description="Grooves sway once over this length"
    )
    texture_offset: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1000.0,
        label="Plate Number",
        description="Each number is another plate of the same kind, with other grooves",
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
