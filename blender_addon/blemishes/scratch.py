"""Scratch: one or several grooves side by side, each with a wall piled up on either side, along a wavering path.

In the scratch's own frame (u along, v across, in metres, origin at its centre), let s = 2 u / length. All lines follow
the path v0 = waviness sin(pi (turns s + phase)) + jitter n(u), where n is one of the `waves`. With several lines, the
space across is divided into cells of width `gap` with one line in each (`scratch_lines`). Line 0 has the whole length
and width; others are shorter, narrower and off their cell's middle.

The pressure of whatever scratched is 1; it falls to 0 over the part `breaks` of the length, and `chatter` reduces it
periodically. A line's half width is w = width/2 sqrt(1 - s^4) sqrt(pressure), its depth is depth pressure; `variation`
lets both swell. Points within w of a line are inside and form the mask. With q = |v - line| / w the profile is a
parabola for q < GROOVE_PART, and beyond it a wall of height `pile_up` depth that ends at q = 1.

The material uses the slope, which is computed analytically: the Bump node would measure it between pixels, and lose a
scratch that is narrower than those. In the groove, the metal's own grooves end: `Bare` is the part that is left of
them. `striation` adds a slope of fine lines along the floor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.group_interface import find_group, new_group
from ..nodes.shader_graph import assign, separate
from .lobed_outline import own_frame
from .own_bounds import turned_bounds
from .scratch_lines import GROOVE_PART, nearest_line, path_of, profile_of

GROUP_NAME = "Stainless Scratch"
GROUP_VERSION = 3
OUTPUTS = ("Slope X", "Slope Y", "Bare", "Roughness", "Mask", "Near")
MARGIN = 1.001  # of the rectangle around a scratch; rounding must not cut its rim


@dataclass(frozen=True)
class ScratchParams:
    """One scratch, or a group of parallel ones, on the plate's upper face."""

    centre_x: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="x of the scratch's centre")
    centre_y: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="y of the scratch's centre")
    angle: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Angle between the scratch and x")
    length: float = parameter(0.025, unit="m", low=1e-4, high=10.0, description="Length from tip to tip")
    width: float = parameter(
        0.0006, unit="m", low=1e-6, high=0.1, description="Greatest width, walls included", logarithmic=True
    )
    depth: float = parameter(3e-5, unit="m", low=0.0, high=0.01, description="Depth of the groove")
    pile_up: float = parameter(
        0.3, unit="1", low=0.0, high=5.0, description="Height of the walls, relative to the depth"
    )
    waviness: float = parameter(0.001, unit="m", low=0.0, high=1.0, description="Amplitude of the path's waves")
    turns: float = parameter(0.6, unit="1", low=0.0, high=20.0, description="Number of waves along the path")
    phase: float = parameter(0.0, unit="1", low=0.0, high=2.0, description="Phase of the path's waves")
    depth_limit: float = parameter(
        1.0, unit="1", low=0.0, high=10.0, description="Greatest depth, relative to the width, which bounds the slope"
    )
    pattern: float = parameter(
        0.0, unit="1", low=0.0, high=1000.0, description="Number of the scratch, which places its irregularities"
    )
    jitter: float = parameter(0.0, unit="m", low=0.0, high=0.1, description="Amplitude of the path's irregularity")
    variation: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, description="Irregularity of width and depth, relative to their means"
    )
    breaks: float = parameter(0.0, unit="1", low=0.0, high=0.9, description="Part of the length without contact")
    chatter: float = parameter(0.0, unit="1", low=0.0, high=1.0, description="Loss of pressure between chatter marks")
    chatter_period: float = parameter(
        4e-4, unit="m", low=1e-6, high=1.0, description="Distance between neighbouring chatter marks"
    )
    striation: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, description="Slope of fine lines along the floor, relative to the groove's"
    )
    parallels: int = parameter(
        1, unit="count", low=1, high=5, description="Number of lines side by side", logarithmic=True
    )
    gap: float = parameter(8e-4, unit="m", low=1e-6, high=0.1, description="Distance between neighbouring lines")
    roughening: float = parameter(0.0, unit="1", low=0.0, high=1.0, description="Roughness added in the groove")


def draw_scratch_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> ScratchParams:
    """Draw one scratch from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(ScratchParams, ranges, rng)


def scratch_bounds(params: ScratchParams) -> tuple[float, float, float, float]:
    """Return a box around the whole scratch: x_min, x_max, y_min, y_max [m]."""
    across = params.waviness + params.jitter + params.width / 2 * (1 + params.variation)
    if params.parallels > 1:
        across += params.gap * params.parallels / 2
    return turned_bounds(params.centre_x, params.centre_y, params.angle, params.length / 2, across)


def scratch_group() -> bpy.types.ShaderNodeTree:
    """Return the node group with the inputs Position and ScratchParams.

    The outputs are the slopes dz/dx and dz/dy, Bare (0 in a groove, 1 elsewhere), Roughness, which is added to the
    metal's, Mask (0 or 1), and Near (1 in a rectangle around the scratch, 0 elsewhere).
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, ScratchParams, OUTPUTS)
    x, y, _ = separate(tree, position)
    u, v = own_frame(x, y, p)
    reach = p["waviness"] + p["jitter"] + p["width"] * 0.5 * (p["variation"] + 1.0) + p["gap"] * p["parallels"] * 0.5
    near = abs(u * 2.0).at_most(p["length"] * MARGIN) * abs(v).at_most(reach * MARGIN)
    path, steepness = path_of(u, p)
    line = nearest_line(u, v - path, p)
    profile, slope = profile_of(line, p)

    # Along the scratch, the depth changes, the walls spread, and the path carries the slope across with it.
    along = (line.deepening * profile - slope * (line.q * line.side * line.widening + steepness)) * line.inside
    across = slope * line.inside
    cos, sin = p["angle"].math("COSINE"), p["angle"].math("SINE")
    in_groove = line.inside * line.q.at_most(GROOVE_PART)
    assign(tree, out.inputs["Slope X"], along * cos - across * sin)
    assign(tree, out.inputs["Slope Y"], along * sin + across * cos)
    assign(tree, out.inputs["Bare"], 1.0 - in_groove)
    assign(tree, out.inputs["Roughness"], in_groove * p["roughening"])
    assign(tree, out.inputs["Mask"], line.inside)
    assign(tree, out.inputs["Near"], near)
    return tree
