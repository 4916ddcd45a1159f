"""Sandblasted aluminium: an even, matt surface of small dimples without direction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.shader_graph import combine, noise, separate
from .finish import Finish, constant_direction

CLOUDS = 0.02  # frequency of clouds in the roughness, relative to that of the grains
SECOND_NOISE = 37.7  # noise units


@dataclass(frozen=True)
class SandblastedMetalParams:
    """A sandblasted surface."""

    base_reflectance: float = parameter(
        0.75,
        unit="1",
        low=0.0,
        high=1.0,
        label="Reflectance",
        description="The bare metal reflects this part of the light",
    )
    roughness: float = parameter(
        0.22,
        unit="1",
        low=0.0,
        high=1.0,
        soft=(0.0, 0.6),
        label="Roughness",
        description="Higher blurs the light's reflection more",
    )
    roughness_variation: float = parameter(
        0.03,
        unit="1",
        low=0.0,
        high=1.0,
        soft=(0.0, 0.2),
        label="Clouds",
        description="Cloudy areas are rougher or smoother than the rest by up to this much",
    )
    grain_size: float = parameter(
        3e-4, unit="m", low=1e-6, high=0.1, label="Grain Size", description="The largest dimples are about this wide"
    )
    grain_depth: float = parameter(
        4e-6, unit="m", low=0.0, high=1e-3, label="Grain Depth", description="Dimples are up to about this deep"
    )
    anisotropy: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Anisotropy",
        description="Higher smears reflections more across x than along it",
    )
    texture_offset: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1000.0,
        label="Plate Number",
        description="Each number is another plate of the same kind, with other dimples",
    )


def draw_sandblasted_metal_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> SandblastedMetalParams:
    """Draw one plate's metal from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(SandblastedMetalParams, ranges, rng)


def sandblasted_metal(
    tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, params: SandblastedMetalParams
) -> Finish:
    """Add the metal to a material's tree."""
    x, y, _ = separate(tree, position)
    u, v = x * (1.0 / params.grain_size), y * (1.0 / params.grain_size)
    grain = noise(tree, combine(tree, u, v, params.texture_offset), detail=2.0)
    clouds = noise(tree, combine(tree, u * CLOUDS, v * CLOUDS, params.texture_offset + SECOND_NOISE), detail=2.0)
    return Finish(
        slope=None,
        height=grain * params.grain_depth,
        roughness=clouds * params.roughness_variation + params.roughness,
        reflectance=params.base_reflectance,
        anisotropy=params.anisotropy,
        across=constant_direction(tree, (0.0, 1.0, 0.0)),
    )
