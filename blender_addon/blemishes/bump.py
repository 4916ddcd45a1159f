"""Bump: a gradual rise of the plate, as from a blow on its other side, without an edge of its own.

In polar coordinates about its centre (rho, theta), after turning by `angle` and stretching v by 1/aspect, its foot is
R = radius (1 + lobes cos(2 theta + lobe_phase) + lobes/2 cos(3 theta - lobe_phase)) and with q = rho / R its height is
height (1 - q^2)^3 for q < 1, flat in the second derivative where it meets the plate.

Where a bump ends is a matter of judgement (paper, section V and appendix B), so the rule is a parameter: the mask is
where the height is at least `edge_height` times the peak's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.group_interface import find_group, new_group
from ..nodes.shader_graph import assign, separate
from .lobed_outline import lobed_bounds, lobed_distance

GROUP_NAME = "Stainless Bump"
GROUP_VERSION = 1


@dataclass(frozen=True)
class BumpParams:
    """One bump on the plate's upper face."""

    centre_x: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="Of the bump")
    centre_y: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="Of the bump")
    angle: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Of the bump's long axis against x")
    radius: float = parameter(0.007, unit="m", low=1e-5, high=1.0, description="Of the foot, along the long axis")
    aspect: float = parameter(0.75, unit="1", low=0.05, high=1.0, description="Short axis over long axis")
    height: float = parameter(2.5e-4, unit="m", low=0.0, high=0.1, description="Of the peak")
    lobes: float = parameter(0.08, unit="1", low=0.0, high=0.5, description="Irregularity of the foot's outline")
    lobe_phase: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Where the lobes lie")
    edge_height: float = parameter(
        0.1, unit="1", low=0.0, high=1.0, description="The mask ends where the height falls to this part of the peak's"
    )


def draw_bump_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> BumpParams:
    """Draw one bump from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(BumpParams, ranges, rng)


def bump_bounds(params: BumpParams) -> tuple[float, float, float, float]:
    """Return x_min, x_max, y_min, y_max [m] of a box that holds the whole bump."""
    return lobed_bounds(params)


def bump_group() -> bpy.types.ShaderNodeTree:
    """Return the node group: Position and BumpParams in, Height [m] and Mask (0 or 1) out."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, BumpParams, ("Height", "Mask"))
    x, y, _ = separate(tree, position)
    q = lobed_distance(x, y, p)
    fall = (1.0 - q * q).math("MAXIMUM", 0.0)
    profile = fall * fall * fall
    assign(tree, out.inputs["Height"], profile * p["height"])
    assign(tree, out.inputs["Mask"], q.at_most(1.0) * p["edge_height"].at_most(profile))
    return tree
