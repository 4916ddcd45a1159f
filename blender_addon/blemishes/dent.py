"""Dent: a shallow pit with a distinct edge, an irregular outline and a rippled floor.

With q = rho / R, the distance from the centre relative to the lobed outline (`lobed_outline`), points with q <= 1 are
inside. From q = 1 inwards, the floor falls by a smoothstep over the part `edge` of the radius to `depth`. Concentric
ripples modulate it.
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
from .lobed_outline import lobed_bounds, lobed_distance

GROUP_NAME = "Stainless Dent"
GROUP_VERSION = 2


@dataclass(frozen=True)
class DentParams:
    """One dent on the plate's upper face."""

    centre_x: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="x of the dent's centre")
    centre_y: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="y of the dent's centre")
    angle: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Angle between the long axis and x")
    radius: float = parameter(0.0025, unit="m", low=1e-5, high=1.0, description="Mean radius along the long axis")
    aspect: float = parameter(0.8, unit="1", low=0.05, high=1.0, description="Ratio of the short axis to the long axis")
    depth: float = parameter(6e-5, unit="m", low=0.0, high=0.1, description="Depth of the floor")
    edge: float = parameter(
        0.35, unit="1", low=0.01, high=1.0, description="Width of the falling edge, relative to the radius"
    )
    lobes: float = parameter(0.08, unit="1", low=0.0, high=0.5, description="Irregularity of the outline")
    lobe_phase: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Angular position of the lobes")
    ripple: float = parameter(
        0.15, unit="1", low=0.0, high=1.0, description="Height of the ripples, relative to the depth"
    )
    rings: float = parameter(3.0, unit="1", low=0.0, high=20.0, description="Number of ripples from centre to edge")


def draw_dent_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> DentParams:
    """Draw one dent from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(DentParams, ranges, rng)


def dent_bounds(params: DentParams) -> tuple[float, float, float, float]:
    """Return a box around the whole dent: x_min, x_max, y_min, y_max [m]."""
    return lobed_bounds(params)


def dent_group() -> bpy.types.ShaderNodeTree:
    """Return the node group: inputs Position and DentParams; outputs Height [m] and Mask (0 or 1)."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, DentParams, ("Height", "Mask"))
    x, y, _ = separate(tree, position)
    q = lobed_distance(x, y, p)
    inside = q.at_most(1.0)
    fall = ((1.0 - q) / p["edge"]).clamped()
    floor = fall * fall * (3.0 - fall * 2.0)
    ripples = (q * p["rings"] * (2.0 * math.pi)).math("COSINE") * p["ripple"] + 1.0
    assign(tree, out.inputs["Height"], floor * ripples * p["depth"] * inside * -1.0)
    assign(tree, out.inputs["Mask"], inside)
    return tree
