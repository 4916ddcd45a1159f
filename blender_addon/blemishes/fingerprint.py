"""Fingerprint: grease in the pattern of a finger's ridges; rougher and a little darker than the bare metal.

In the print's own frame (v towards the finger's tip), all lengths in metres:

- *Contact* (0..1) is how hard the finger pressed: 1 within an ellipse width x height, falling to 0 over its outer
  `softness`, times a ramp across the print that leaves only about `coverage` of it. Below the centre a smear stretches
  the ellipse by 1 + smear. The mask is where the contact is at least `edge_contact`.
- *Ridges* are the waves of a phase whose gradient is the print's orientation field: the distance to the core (a segment
  of `core_length`: a point makes a whorl, a long one a loop), which gives way smoothly to level ridges at the finger's
  base, so that deltas form where the two meet. A ridge ends or forks where the phase winds once round a point: each of
  MINUTIAE points adds or subtracts the angle about it (Larkin and Fletcher, "A coherent framework for fingerprint
  analysis", 2007). Noise bends the ridges.
- A smear drags the grease: below the centre, ridges give way to streaks along v.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..nodes.group_interface import find_group, new_group
from ..nodes.shader_graph import Value, assign, combine, noise, separate
from .lobed_outline import own_frame

GROUP_NAME = "Stainless Fingerprint"
GROUP_VERSION = 1
MINUTIAE = 8
SPREAD = (0.7548776662466927, 0.5698402909980532)  # multiples of these, modulo 1, fill a square evenly
BASE = 0.55  # of half the height below the centre: where the level ridges of the finger's base begin
BLEND = 0.15  # of half the height: over which they take over
BEND_FREQUENCY = 150.0  # 1/m
GRAIN_FREQUENCY = 4000.0  # 1/m; sweat pores and dry spots
STREAKS = (1800.0, 60.0)  # 1/m across and along a smear


@dataclass(frozen=True)
class FingerprintParams:
    """One fingerprint on the plate's upper face."""

    centre_x: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="Of the print")
    centre_y: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="Of the print")
    angle: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Of the finger's width against x")
    width: float = parameter(0.014, unit="m", low=1e-4, high=1.0, description="Of the contact")
    height: float = parameter(0.020, unit="m", low=1e-4, high=1.0, description="Of the contact, along the finger")
    ridge_period: float = parameter(4.8e-4, unit="m", low=1e-6, high=0.1, description="From ridge to ridge")
    core_length: float = parameter(0.003, unit="m", low=0.0, high=1.0, description="0 is a whorl, a long one a loop")
    bend: float = parameter(6e-4, unit="m", low=0.0, high=0.1, description="How far noise moves the ridges")
    pattern: float = parameter(0.0, unit="1", low=0.0, high=1000.0, description="Which finger: places the minutiae")
    coverage: float = parameter(0.9, unit="1", low=0.0, high=1.0, description="Part of the print that was pressed on")
    coverage_angle: float = parameter(
        0.0, unit="rad", low=-7.0, high=7.0, description="Towards the side that was pressed, from the width's axis"
    )
    softness: float = parameter(0.35, unit="1", low=0.01, high=1.0, description="Part of the radius that fades out")
    smear: float = parameter(0.0, unit="1", low=0.0, high=3.0, description="How far, over its length, it was dragged")
    edge_contact: float = parameter(
        0.15, unit="1", low=0.0, high=1.0, description="The mask ends where the contact falls to this"
    )
    roughening: float = parameter(0.12, unit="1", low=0.0, high=1.0, description="Roughness that full grease adds")
    darkening: float = parameter(0.12, unit="1", low=0.0, high=1.0, description="Reflectance that full grease takes")


def draw_fingerprint_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> FingerprintParams:
    """Draw one fingerprint from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(FingerprintParams, ranges, rng)


def fingerprint_bounds(params: FingerprintParams) -> tuple[float, float, float, float]:
    """Return x_min, x_max, y_min, y_max [m] of a box that holds the whole print, smear included."""
    reach = math.hypot(params.width / 2, params.height / 2 * (1 + params.smear))
    x, y = params.centre_x, params.centre_y
    return x - reach, x + reach, y - reach, y + reach


def fingerprint_group() -> bpy.types.ShaderNodeTree:
    """Return the node group: Position and FingerprintParams in; Roughness and Reflectance, both to be added, and Mask
    (0 or 1) out.
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    outputs = ("Roughness", "Reflectance", "Mask")
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, FingerprintParams, outputs)
    x, y, _ = separate(tree, position)
    u, v = own_frame(x, y, p)
    contact = _contact(u, v, p)
    drag = (v * -2.0 / p["height"]).clamped() * p["smear"].math("MINIMUM", 1.0)
    streaks = noise(tree, combine(tree, u * STREAKS[0], v * STREAKS[1], p["pattern"]), detail=1.0) * 0.7 + 0.5
    grain = noise(tree, combine(tree, u * GRAIN_FREQUENCY, v * GRAIN_FREQUENCY, p["pattern"]), detail=1.0) * 0.5 + 0.9
    grease = (drag * streaks + (1.0 - drag) * _ridges(tree, u, v, p)).clamped() * grain * contact
    assign(tree, out.inputs["Roughness"], grease * p["roughening"])
    assign(tree, out.inputs["Reflectance"], grease * p["darkening"] * -1.0)
    assign(tree, out.inputs["Mask"], p["edge_contact"].at_most(contact))
    return tree


def _contact(u: Value, v: Value, p: dict[str, Value]) -> Value:
    dragged = 1.0 + p["smear"] * (1.0 - v.math("GREATER_THAN", 0.0))
    across, along = u * 2.0 / p["width"], v * 2.0 / (p["height"] * dragged)
    fade = ((1.0 - (across * across + along * along).math("SQRT")) / p["softness"]).clamped()
    towards = across * p["coverage_angle"].math("COSINE") + along * p["coverage_angle"].math("SINE")
    ramp = ((towards + p["coverage"] * 2.5 - 1.0) * 2.0).clamped()
    return fade * ramp


def _ridges(tree: bpy.types.NodeTree, u: Value, v: Value, p: dict[str, Value]) -> Value:
    """Grease between 0 in a furrow and 1 on a ridge."""
    bent = [
        noise(tree, combine(tree, u * BEND_FREQUENCY, v * BEND_FREQUENCY, p["pattern"] + plane), detail=0.0)
        for plane in (0.0, 19.3)
    ]
    u, v = u + bent[0] * p["bend"], v + bent[1] * p["bend"]
    half = p["height"] * 0.5
    below = v + (v * -1.0).math("MINIMUM", p["core_length"]).math("MAXIMUM", 0.0)
    core = (u * u + below * below).math("SQRT")
    level = v + half * BASE
    phase = core.math("SMOOTH_MIN", level, half * BLEND) * (2.0 * math.pi) / p["ridge_period"]
    for number in range(1, MINUTIAE + 1):
        place = [(p["pattern"] + float(number)) * step for step in SPREAD]
        du = u - (place[0].math("FRACT") - 0.5) * p["width"] * 0.8
        dv = v - (place[1].math("FRACT") - 0.5) * p["height"] * 0.8
        phase = phase + dv.math("ARCTAN2", du) * (1.0 if number % 2 else -1.0)
    wave = phase.math("COSINE") * 0.8 + 0.5
    return wave.clamped()
