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

    base_reflectance: float = parameter(0.80, unit="1", low=0.0, high=1.0, description="Reflectance of the bare metal")
    roughness: float = parameter(0.13, unit="1", low=0.0, high=1.0, description="Mean microfacet roughness")
    roughness_variation: float = parameter(
        0.03, unit="1", low=0.0, high=1.0, description="Deviation of bundles of marks from the mean roughness"
    )
    anisotropy: float = parameter(
        0.4, unit="1", low=0.0, high=1.0, description="Anisotropy of the microfacets, across the marks"
    )
    arc_radius: float = parameter(0.09, unit="m", low=0.001, high=10.0, description="Radius of the milling cutter")
    track: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="y of the path of the cutter's centre")
    feed: float = parameter(3.5e-4, unit="m", low=1e-6, high=0.1, description="Distance between neighbouring marks")
    feed_variation: float = parameter(
        0.3, unit="1", low=0.0, high=1.0, description="Irregularity of the marks' positions"
    )
    mark_width: float = parameter(
        0.85, unit="1", low=0.01, high=1.0, description="Mean width of a mark, relative to the feed"
    )
    mark_depth: float = parameter(3e-6, unit="m", low=0.0, high=1e-3, description="Mean depth of a mark")
    mark_variation: float = parameter(
        0.3, unit="1", low=0.0, high=1.0, description="Deviation of widths and depths, relative to their means"
    )
    mark_length: float = parameter(
        0.08, unit="m", low=1e-5, high=10.0, description="Length of a swell in a mark's depth"
    )
    texture_offset: float = parameter(0.0, unit="1", low=0.0, high=1000.0, description="Number of the plate")


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
