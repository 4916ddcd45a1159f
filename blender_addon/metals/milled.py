"""Face-milled aluminium: parallel grooves bent into the arcs of a milling cutter.

The cutter of radius `arc_radius` moves along x, and its teeth leave arcs at the distance of the feed. In the
coordinates across = x - sqrt(arc_radius^2 - (y - track)^2) and along = y, the arcs are parallel grooves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.shader_graph import combine, separate
from .finish import Finish, direction, roughness_bundles
from .parallel_grooves import groove_slope


@dataclass(frozen=True)
class MilledMetalParams:
    """A milled surface."""

    base_reflectance: float = parameter(
        0.80,
        unit="1",
        low=0.0,
        high=1.0,
        label="Reflectance",
        description="The bare metal reflects this part of the light",
    )
    roughness: float = parameter(
        0.13,
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
        label="Streaks",
        description="Bundles of marks are rougher or smoother than the rest by up to this much",
    )
    anisotropy: float = parameter(
        0.4,
        unit="1",
        low=0.0,
        high=1.0,
        label="Anisotropy",
        description="Higher smears reflections more across the marks than along them",
    )
    arc_radius: float = parameter(
        0.09,
        unit="m",
        low=0.001,
        high=10.0,
        label="Cutter Radius",
        description="The milling cutter has this radius, and its marks are arcs of it",
    )
    track: float = parameter(
        0.0,
        unit="m",
        low=-10.0,
        high=10.0,
        label="Cutter Path",
        description="The cutter's centre moves along x at this y",
    )
    feed: float = parameter(
        3.5e-4,
        unit="m",
        low=1e-6,
        high=0.1,
        label="Feed",
        description="Neighbouring marks lie this far apart on average",
    )
    feed_variation: float = parameter(
        0.3,
        unit="1",
        low=0.0,
        high=1.0,
        label="Irregularity",
        description="Lower spaces the marks evenly; 1 leaves their places to chance",
    )
    mark_width: float = parameter(
        0.85,
        unit="1",
        low=0.01,
        high=1.0,
        label="Mark Width",
        description="A mark is this wide on average, relative to the feed",
    )
    mark_depth: float = parameter(
        3e-6, unit="m", low=0.0, high=1e-3, label="Mark Depth", description="A mark is this deep on average"
    )
    mark_variation: float = parameter(
        0.3,
        unit="1",
        low=0.0,
        high=1.0,
        label="Variety",
        description="Marks are wider, narrower, deeper or shallower than average by up to this part",
    )
    mark_length: float = parameter(
        0.08,
        unit="m",
        low=1e-5,
        high=10.0,
        label="Mark Length",
        description="A mark becomes deeper and shallower again over about this length",
    )
    texture_offset: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1000.0,
        label="Plate Number",
        description="Each number is another plate of the same kind, with other marks",
    )


def draw_milled_metal_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> MilledMetalParams:
    """Draw one plate's metal from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(MilledMetalParams, ranges, rng)


def milled_metal(tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, params: MilledMetalParams) -> Finish:
    """Add the metal to a material's tree; beyond the cutter's radius the marks run straight along x."""
    x, y, _ = separate(tree, position)
    off_track = y - params.track
    depth = (params.arc_radius**2 - off_track * off_track).math("MAXIMUM", 0.0).math("SQRT")
    across = x - depth
    slope = groove_slope(
        tree,
        y,
        across,
        params.texture_offset,
        spacing=params.feed,
        spacing_variation=params.feed_variation,
        width=params.mark_width,
        depth=params.mark_depth,
        variation=params.mark_variation,
        length=params.mark_length,
    )
    return Finish(
        slope=slope,
        height=None,
        roughness=roughness_bundles(tree, y, across, params),
        reflectance=params.base_reflectance,
        anisotropy=params.anisotropy,
        across=direction(
            tree, combine(tree, depth * (1.0 / params.arc_radius), off_track * (1.0 / params.arc_radius), 0.0)
        ),
    )
