"""Dent: a shallow pit with a distinct edge and an irregular outline, from one or several impacts.

With q = rho / R, the distance from the centre relative to the lobed outline (`lobed_outline`), points with q <= 1 are
inside. The outermost part `lip_width` is a lip of height `lip` depth. Inside it, the floor falls by a smoothstep over
the part `edge` of the radius to `depth`; `off_centre` makes that part wider on one side than on the other. `tilt`
slants the floor, `crease` folds it along a line, ripples modulate it. Further impacts are smaller pits around the
first; at every point the nearest one counts. `flattening` is the part of the metal's grooves that the impact pressed
flat: `Bare` is what is left of them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.group_interface import find_group, new_group
from ..nodes.shader_graph import Value, assign, separate
from .lobed_outline import fold, lobed_bounds, lobed_place, own_frame, towards

GROUP_NAME = "Stainless Dent"
GROUP_VERSION = 3
MOST_IMPACTS = 4
CREASE_WIDTH = 0.2  # relative to the radius
STEPS = (0.6180339887, 0.8191725134, 0.2887877113)  # their multiples modulo 1 spread evenly


@dataclass(frozen=True)
class DentParams:
    """One dent on the plate's upper face."""

    centre_x: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre X", description="The dent has its centre at this x"
    )
    centre_y: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre Y", description="The dent has its centre at this y"
    )
    angle: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Angle",
        description="The dent's long axis is turned from x by this angle",
    )
    radius: float = parameter(
        0.0025, unit="m", low=1e-5, high=1.0, label="Radius", description="The dent has this radius along its long axis"
    )
    aspect: float = parameter(
        0.8,
        unit="1",
        low=0.05,
        high=1.0,
        label="Roundness",
        description="Lower makes the dent longer than wide; 1 is round",
    )
    depth: float = parameter(
        6e-5, unit="m", low=0.0, high=0.1, label="Depth", description="The dent's floor is this deep"
    )
    edge: float = parameter(
        0.35,
        unit="1",
        low=0.01,
        high=1.0,
        label="Edge Width",
        description="The falling edge is this wide, relative to the radius",
    )
    lobes: float = parameter(
        0.08, unit="1", low=0.0, high=0.5, label="Lobes", description="Higher makes the outline more irregular"
    )
    lobe_phase: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Lobe Angle",
        description="The outline's lobes are turned by this angle",
    )
    ripple: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Ripples",
        description="Ripples on the floor are this high, relative to the depth",
    )
    rings: float = parameter(
        3.0,
        unit="1",
        low=0.0,
        high=20.0,
        label="Ripple Count",
        description="This many ripples lie between centre and edge",
    )
    pattern: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1000.0,
        label="Pattern",
        description="Each number places the further impacts elsewhere",
    )
    tilt: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Tilt",
        description="One side of the floor is deeper than the middle by this part",
    )
    tilt_angle: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Tilt Angle",
        description="The deep side lies in this direction from the long axis",
    )
    off_centre: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=0.9,
        label="Off Centre",
        description="The edge is wider on one side than on the other by this part",
    )
    lip: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=2.0,
        soft=(0.0, 1.0),
        label="Lip",
        description="The lip around the dent is this high, relative to the depth",
    )
    lip_width: float = parameter(
        0.0, unit="1", low=0.0, high=0.5, label="Lip Width", description="The lip is this wide, relative to the radius"
    )
    crease: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=2.0,
        label="Crease",
        description="A crease across the floor is this deep, relative to the depth",
    )
    crease_angle: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Crease Angle",
        description="The crease runs in this direction from the long axis",
    )
    flattening: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Flattening",
        description="This part of the metal's grooves is pressed flat",
    )
    impacts: int = parameter(
        1,
        unit="count",
        low=1,
        high=MOST_IMPACTS,
        label="Impacts",
        description="This many impacts made the dent",
        logarithmic=True,
    )
    spread: float = parameter(
        1.0,
        unit="1",
        low=0.0,
        high=5.0,
        soft=(0.0, 3.0),
        label="Spread",
        description="Further impacts lie this far from the first, relative to the radius",
    )


def draw_dent_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> DentParams:
    """Draw one dent from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(DentParams, ranges, rng)


def dent_bounds(params: DentParams) -> tuple[float, float, float, float]:
    """Return a box around the whole dent: x_min, x_max, y_min, y_max [m]."""
    farther = params.spread * 1.3 + 0.8 if params.impacts > 1 else 1.0
    return lobed_bounds(params, max(farther, 1.0))


def dent_group() -> bpy.types.ShaderNodeTree:
    """Return the node group with the inputs Position and DentParams.

    The outputs are Height [m], Bare (the part of the metal's grooves that is left) and Mask (0 or 1).
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, DentParams, ("Height", "Bare", "Mask"))
    x, y, _ = separate(tree, position)
    q, side, across = _nearest_impact(*own_frame(x, y, p), p)
    inside = q.at_most(1.0)
    inner = 1.0 - p["lip_width"]
    fall = ((inner - q) / (p["edge"] * (1.0 - side * p["off_centre"]))).clamped()
    floor = fall * fall * (3.0 - fall * 2.0)
    ripples = (q * p["rings"] * (2.0 * math.pi)).math("COSINE") * p["ripple"] + 1.0
    slant = side * q * p["tilt"] + 1.0
    pit = floor * ripples * slant * (fold(across, CREASE_WIDTH) * p["crease"] + 1.0) * p["depth"] * inside * -1.0
    on_lip = ((q - inner) / p["lip_width"].math("MAXIMUM", 1e-6)).clamped() * inside
    lip = on_lip * (1.0 - on_lip) * 4.0 * p["lip"] * p["depth"]
    assign(tree, out.inputs["Height"], pit + lip)
    assign(tree, out.inputs["Bare"], 1.0 - floor * inside * p["flattening"])
    assign(tree, out.inputs["Mask"], inside)
    return tree


def _nearest_impact(u: Value, v: Value, p: dict[str, Value]) -> tuple[Value, Value, Value]:
    """Return q of the nearest impact, the point's side (-1 to 1, 1 the deep one), and its distance from the crease.

    The distance is relative to the radius.
    """
    q, side, across = _impact(u, v, p)
    for number in range(1, MOST_IMPACTS):
        drawn = [((p["pattern"] + float(number)) * step).math("FRACT") for step in STEPS]
        reach = (drawn[0] * 0.6 + 0.7) * p["spread"] * p["radius"]
        turn = drawn[1] * (2.0 * math.pi)
        size = drawn[2] * 0.4 + 0.4
        du, dv = u - turn.math("COSINE") * reach, v - turn.math("SINE") * reach
        other_q, other_side, other_across = _impact(du / size, dv / size, p)
        nearer = other_q.math("LESS_THAN", q) * p["impacts"].math("GREATER_THAN", number + 0.5)
        q, side, across = (
            other * nearer + own * (1.0 - nearer)
            for own, other in ((q, other_q), (side, other_side), (across, other_across))
        )
    return q, side, across


def _impact(u: Value, v: Value, p: dict[str, Value]) -> tuple[Value, Value, Value]:
    q = lobed_place(u, v, p)
    distance = (u * u + v * v).math("SQRT").math("MAXIMUM", 1e-9)
    return q, towards(u, v, p["tilt_angle"]) / distance, abs(towards(v, u * -1.0, p["crease_angle"])) / p["radius"]
