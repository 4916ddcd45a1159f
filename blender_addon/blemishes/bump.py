"""Bump: a gradual rise of the plate without a distinct edge, as from a blow on its other side.

The foot is the lobed outline R (`lobed_outline`). With q = rho / R the height is height (1 - q^2)^3 for q < 1, which
meets the plate with a continuous second derivative. A blow also leaves a `ridge`, a sharp fold along a line through the
middle, and the metal's own strength makes the profile uneven.

The extent of a bump is ambiguous (paper, section V and appendix B), so the rule is a parameter: the mask covers heights
of at least `edge_height` times the peak height, ridge and unevenness apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.group_interface import find_group, new_group
from ..nodes.shader_graph import assign, combine, noise, separate
from .lobed_outline import fold, lobed_bounds, lobed_place, own_frame, towards

GROUP_NAME = "Stainless Bump"
GROUP_VERSION = 2
RIDGE_WIDTH = 0.35  # relative to the radius
UNEVEN = 2.5  # periods of the unevenness on a radius


@dataclass(frozen=True)
class BumpParams:
    """One bump on the plate's upper face."""

    centre_x: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre X", description="The bump has its centre at this x"
    )
    centre_y: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre Y", description="The bump has its centre at this y"
    )
    angle: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Angle",
        description="The bump's long axis is turned from x by this angle",
    )
    radius: float = parameter(
        0.007, unit="m", low=1e-5, high=1.0, label="Radius", description="The foot has this radius along its long axis"
    )
    aspect: float = parameter(
        0.75,
        unit="1",
        low=0.05,
        high=1.0,
        label="Roundness",
        description="Lower makes the bump longer than wide; 1 is round",
    )
    height: float = parameter(
        2.5e-4,
        unit="m",
        low=1e-9,
        high=0.1,
        soft=(1e-09, 0.002),
        label="Height",
        description="The bump's peak is this high",
        logarithmic=True,
    )
    lobes: float = parameter(
        0.08, unit="1", low=0.0, high=0.5, label="Lobes", description="Higher makes the foot's outline more irregular"
    )
    lobe_phase: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Lobe Angle",
        description="The outline's lobes are turned by this angle",
    )
    edge_height: float = parameter(
        0.1,
        unit="1",
        low=0.0,
        high=1.0,
        soft=(0.0, 0.5),
        label="Mask From",
        description="The mask begins where the bump is this high, relative to its peak",
    )
    pattern: float = parameter(
        0.0, unit="1", low=0.0, high=1000.0, label="Pattern", description="Each number is another unevenness"
    )
    ridge: float = parameter(
        0.0,
        unit="1",
        low=-1.0,
        high=1.0,
        label="Ridge",
        description="A ridge over the middle is this high, relative to the peak; negative makes a fold",
    )
    ridge_angle: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Ridge Angle",
        description="The ridge runs in this direction from the long axis",
    )
    ridge_offset: float = parameter(
        0.0,
        unit="1",
        low=-1.0,
        high=1.0,
        label="Ridge Offset",
        description="The ridge lies this far from the centre, relative to the radius",
    )
    unevenness: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Unevenness",
        description="The profile is uneven by up to this part of its height",
    )


def draw_bump_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> BumpParams:
    """Draw one bump from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(BumpParams, ranges, rng)


def bump_bounds(params: BumpParams) -> tuple[float, float, float, float]:
    """Return a box around the whole bump: x_min, x_max, y_min, y_max [m]."""
    return lobed_bounds(params)


def bump_group() -> bpy.types.ShaderNodeTree:
    """Return the node group: inputs Position and BumpParams; outputs Height [m] and Mask (0 or 1)."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, BumpParams, ("Height", "Mask"))
    x, y, _ = separate(tree, position)
    u, v = own_frame(x, y, p)
    q = lobed_place(u, v, p)
    fall = (1.0 - q * q).math("MAXIMUM", 0.0)
    profile = fall * fall * fall
    from_ridge = abs(towards(v, u * -1.0, p["ridge_angle"]) / p["radius"] - p["ridge_offset"])
    frequency = UNEVEN / p["radius"]
    uneven = noise(tree, combine(tree, u * frequency, v * frequency, p["pattern"]), detail=1.0)
    shape = fold(from_ridge, RIDGE_WIDTH) * p["ridge"] + uneven * p["unevenness"] + 1.0
    assign(tree, out.inputs["Height"], profile * p["height"] * shape)
    assign(tree, out.inputs["Mask"], q.at_most(1.0) * p["edge_height"].at_most(profile))
    return tree
