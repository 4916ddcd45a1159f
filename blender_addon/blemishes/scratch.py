"""Scratch: a long groove with a wall piled up on either side, along a gently waving path.

In the scratch's own frame (u along, v across, in metres, origin at its centre), let s = 2 u / length. The path is
v0 = waviness sin(pi (turns s + phase)), and the half width is w = width/2 sqrt(1 - s^4). Points with |s| <= 1 and
|v - v0| <= w are inside and form the mask. With q = |v - v0| / w the profile is a parabola of depth `depth` for
q < GROOVE_PART, and beyond it a ridge of height `pile_up` depth that ends at q = 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.group_interface import find_group, new_group
from ..nodes.shader_graph import assign, separate
from .lobed_outline import own_frame

GROUP_NAME = "Stainless Scratch"
GROUP_VERSION = 1
GROOVE_PART = 0.6


@dataclass(frozen=True)
class ScratchParams:
    """One scratch on the plate's upper face."""

    centre_x: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="x of the scratch's centre")
    centre_y: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="y of the scratch's centre")
    angle: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Angle between the scratch and x")
    length: float = parameter(0.025, unit="m", low=1e-4, high=10.0, description="Length from tip to tip")
    width: float = parameter(0.0006, unit="m", low=1e-6, high=0.1, description="Greatest width, walls included")
    depth: float = parameter(3e-5, unit="m", low=0.0, high=0.01, description="Depth of the groove")
    pile_up: float = parameter(
        0.3, unit="1", low=0.0, high=5.0, description="Height of the walls, relative to the depth"
    )
    waviness: float = parameter(0.001, unit="m", low=0.0, high=1.0, description="Amplitude of the path's waves")
    turns: float = parameter(0.6, unit="1", low=0.0, high=20.0, description="Number of waves along the path")
    phase: float = parameter(0.0, unit="1", low=0.0, high=2.0, description="Phase of the path's waves")


def draw_scratch_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> ScratchParams:
    """Draw one scratch from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(ScratchParams, ranges, rng)


def scratch_bounds(params: ScratchParams) -> tuple[float, float, float, float]:
    """Return a box around the whole scratch: x_min, x_max, y_min, y_max [m]."""
    along, across = params.length / 2, params.waviness + params.width / 2
    cos, sin = abs(math.cos(params.angle)), abs(math.sin(params.angle))
    reach_x, reach_y = along * cos + across * sin, along * sin + across * cos
    x, y = params.centre_x, params.centre_y
    return x - reach_x, x + reach_x, y - reach_y, y + reach_y


def scratch_group() -> bpy.types.ShaderNodeTree:
    """Return the node group: inputs Position and ScratchParams; outputs Height [m] and Mask (0 or 1)."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, ScratchParams, ("Height", "Mask"))
    x, y, _ = separate(tree, position)
    u, v = own_frame(x, y, p)
    s = u * 2.0 / p["length"]
    path = ((s * p["turns"] + p["phase"]) * math.pi).math("SINE") * p["waviness"]
    s_squared = s * s
    half_width = (1.0 - s_squared * s_squared).math("MAXIMUM", 0.0).math("SQRT") * p["width"] * 0.5
    across = abs(v - path)
    inside = across.at_most(half_width) * abs(s).at_most(1.0)

    q = across / half_width
    in_groove = q.at_most(GROOVE_PART)
    groove = (q / GROOVE_PART) * (q / GROOVE_PART) - 1.0
    along_wall = (q - GROOVE_PART) / (1.0 - GROOVE_PART)
    wall = along_wall * (1.0 - along_wall) * 4.0 * p["pile_up"]
    height = (in_groove * groove + (1.0 - in_groove) * wall) * p["depth"] * inside
    assign(tree, out.inputs["Height"], height)
    assign(tree, out.inputs["Mask"], inside)
    return tree
