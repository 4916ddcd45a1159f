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

    centre_x: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre X", description="The scratch has its centre at this x"
    )
    centre_y: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre Y", description="The scratch has its centre at this y"
    )
    angle: float = parameter(
        0.0, unit="rad", low=-7.0, high=7.0, label="Angle", description="The scratch is turned from x by this angle"
    )
    length: float = parameter(
        0.025, unit="m", low=1e-4, high=10.0, label="Length", description="The scratch is this long from tip to tip"
    )
    width: float = parameter(
        0.0006,
        unit="m",
        low=1e-6,
        high=0.1,
        soft=(1e-06, 0.002),
        label="Width",
        description="The scratch is at most this wide, walls included",
        logarithmic=True,
    )
    depth: float = parameter(3e-5, unit="m", low=0.0, high=0.01, label="Depth", description="The groove is this deep")
    pile_up: float = parameter(
        0.3,
        unit="1",
        low=0.0,
        high=5.0,
        label="Walls",
        description="The walls beside the groove are this high, relative to its depth",
    )
    waviness: float = parameter(
        0.001, unit="m", low=0.0, high=1.0, label="Waviness", description="The path swings to either side by this much"
    )
    turns: float = parameter(
        0.6, unit="1", low=0.0, high=20.0, label="Waves", description="The path makes this many waves"
    )
    phase: float = parameter(
        0.0, unit="1", low=0.0, high=2.0, label="Phase", description="The path's waves begin at this part of a wave"
    )
    depth_limit: float = parameter(
        1.0,
        unit="1",
        low=0.0,
        high=10.0,
        soft=(0.0, 1.0),
        label="Steepest",
        description="The groove is at most this deep, relative to its width",
    )
    pattern: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1000.0,
        label="Pattern",
        description="Each number is another scratch of the same kind",
    )
    jitter: float = parameter(
        0.0,
        unit="m",
        low=0.0,
        high=0.1,
        soft=(0.0, 0.001),
        label="Jitter",
        description="The path strays from its waves by up to this much",
    )
    variation: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, label="Variety", description="Width and depth swell by up to this part"
    )
    breaks: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=0.9,
        label="Breaks",
        description="The scratch is interrupted over this part of its length",
    )
    chatter: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Chatter",
        description="The tool jumped, which makes the groove shallower by this part at even distances",
    )
    chatter_period: float = parameter(
        4e-4, unit="m", low=1e-6, high=1.0, label="Chatter Step", description="The tool jumped once over this length"
    )
    striation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Fine Lines",
        description="Fine lines run along the groove's floor, this steep relative to the groove",
    )
    parallels: int = parameter(
        1, unit="count", low=1, high=5, label="Lines", description="This many lines run side by side", logarithmic=True
    )
    gap: float = parameter(
        8e-4, unit="m", low=1e-6, high=0.1, label="Line Gap", description="Neighbouring lines lie this far apart"
    )
    roughening: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Roughening",
        description="The groove is rougher than the metal by this much",
    )


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
