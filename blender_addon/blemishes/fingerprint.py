"""Fingerprint: grease in the pattern of a finger's ridges; rougher and slightly darker than the bare metal.

In the print's own frame (v towards the finger's tip), with lengths in metres:

- *Contact* (0..1) is the pressure of the finger. It is 1 within an ellipse width x height and falls to 0 over its outer
  part `softness`. A ramp across the print keeps only about `coverage` of it. Below the centre, a smear stretches the
  ellipse by 1 + smear. The mask covers contacts of at least `edge_contact`.
- *Ridges* are the waves of a phase whose gradient is the print's orientation field. The phase is the distance to the
  core, a segment of `core_length`: a point makes a whorl, a long segment a loop. Towards the finger's base it changes
  smoothly to level ridges, so that deltas form between the two. A ridge ends or forks at a point around which the phase
  winds once: each of MINUTIAE points adds or subtracts its polar angle (Larkin and Fletcher, "A coherent framework for
  fingerprint analysis", 2007). Noise bends the ridges.
- A touch by a hand leaves a *sequence* of `prints` side by side, `step` apart. The space across is divided into cells
  with one print in each; a print's number shifts it along v and chooses its ridges, and its pressure falls by `fading`.
- A *smear* replaces the ridges below the centre by streaks along v.
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
from .own_bounds import turned_bounds

GROUP_NAME = "Stainless Fingerprint"
GROUP_VERSION = 3
MINUTIAE = 8
SPREAD = (0.7548776662466927, 0.5698402909980532)  # their multiples, modulo 1, fill a square evenly
BASE = 0.55  # start of the level ridges below the centre, relative to half the height
BLEND = 0.15  # width of the change to the level ridges, relative to half the height
BEND_FREQUENCY = 150.0  # 1/m
GRAIN_FREQUENCY = 4000.0  # 1/m; of sweat pores and dry spots
FINGER_STEP = 17.3  # between the patterns of neighbouring prints
STAGGER = 0.35  # of the height; the fingers' tips are not in one line
STREAKS = (1800.0, 60.0)  # 1/m across and along a smear


@dataclass(frozen=True)
class FingerprintParams:
    """One fingerprint on the plate's upper face."""

    centre_x: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre X", description="The print has its centre at this x"
    )
    centre_y: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre Y", description="The print has its centre at this y"
    )
    angle: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Angle",
        description="The finger's width is turned from x by this angle",
    )
    width: float = parameter(
        0.014, unit="m", low=1e-4, high=1.0, label="Width", description="The finger touched the plate over this width"
    )
    height: float = parameter(
        0.020, unit="m", low=1e-4, high=1.0, label="Height", description="The finger touched the plate over this length"
    )
    ridge_period: float = parameter(
        4.8e-4, unit="m", low=1e-6, high=0.1, label="Ridge Step", description="Neighbouring ridges lie this far apart"
    )
    core_length: float = parameter(
        0.003,
        unit="m",
        low=0.0,
        high=1.0,
        label="Core Length",
        description="The pattern's core is this long; 0 makes a whorl, a long core a loop",
    )
    bend: float = parameter(
        6e-4,
        unit="m",
        low=0.0,
        high=0.1,
        label="Bend",
        description="Ridges are bent to either side by up to this distance",
    )
    pattern: float = parameter(
        0.0, unit="1", low=0.0, high=1000.0, label="Pattern", description="Each number is another finger"
    )
    coverage: float = parameter(
        0.9, unit="1", low=0.0, high=1.0, label="Coverage", description="The finger touched with this part of the print"
    )
    coverage_angle: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Touching Side",
        description="The side that touched lies in this direction from the width's axis",
    )
    softness: float = parameter(
        0.35,
        unit="1",
        low=0.01,
        high=1.0,
        label="Softness",
        description="The fading edge is this wide, relative to the radius",
    )
    smear: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=3.0,
        label="Smear",
        description="The finger slid and drew the print out by this part of its length",
    )
    edge_contact: float = parameter(
        0.3,
        unit="1",
        low=0.0,
        high=1.0,
        label="Mask From",
        description="The mask begins where the finger pressed this hard, relative to full pressure",
    )
    roughening: float = parameter(
        0.25,
        unit="1",
        low=0.0,
        high=1.0,
        label="Roughening",
        description="Full grease makes the metal rougher by this much",
    )
    darkening: float = parameter(
        0.02,
        unit="1",
        low=0.0,
        high=1.0,
        soft=(0.0, 0.3),
        label="Darkening",
        description="Full grease takes this much of the metal's reflectance",
    )
    prints: int = parameter(
        1,
        unit="count",
        low=1,
        high=4,
        label="Prints",
        description="This many prints lie side by side",
        logarithmic=True,
    )
    step: float = parameter(
        0.017, unit="m", low=1e-4, high=1.0, label="Print Step", description="Neighbouring prints lie this far apart"
    )
    fading: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, label="Fading", description="Each further print is fainter by this part"
    )


def draw_fingerprint_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> FingerprintParams:
    """Draw one fingerprint from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(FingerprintParams, ranges, rng)


def fingerprint_bounds(params: FingerprintParams) -> tuple[float, float, float, float]:
    """Return a box around the whole print, smear included: x_min, x_max, y_min, y_max [m]."""
    along, across = params.height / 2 * (1 + params.smear), params.width / 2
    if params.prints > 1:
        across += params.step * (params.prints - 1) / 2
        along += params.height * STAGGER
    return turned_bounds(params.centre_x, params.centre_y, params.angle, across, along)


def fingerprint_group() -> bpy.types.ShaderNodeTree:
    """Return the node group with the inputs Position and FingerprintParams.

    The outputs are Roughness and Reflectance, which are added to the metal's, Mask (0 or 1), and Contact, the pressure
    of the finger, 0 to 1.
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    outputs = ("Roughness", "Reflectance", "Mask", "Contact")
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, FingerprintParams, outputs)
    x, y, _ = separate(tree, position)
    u, v, pressure, pattern = _nearest_print(*own_frame(x, y, p), p)
    p = p | {"pattern": pattern}
    contact = _contact(u, v, p) * pressure
    drag = (v * -2.0 / p["height"]).clamped() * p["smear"].math("MINIMUM", 1.0)
    streaks = noise(tree, combine(tree, u * STREAKS[0], v * STREAKS[1], p["pattern"]), detail=1.0) * 0.7 + 0.5
    grain = noise(tree, combine(tree, u * GRAIN_FREQUENCY, v * GRAIN_FREQUENCY, p["pattern"]), detail=1.0) * 0.5 + 0.9
    grease = (drag * streaks + (1.0 - drag) * _ridges(tree, u, v, p)).clamped() * grain * contact
    assign(tree, out.inputs["Roughness"], grease * p["roughening"])
    assign(tree, out.inputs["Reflectance"], grease * p["darkening"] * -1.0)
    assign(tree, out.inputs["Mask"], p["edge_contact"].at_most(contact))
    assign(tree, out.inputs["Contact"], contact)
    return tree


def _nearest_print(u: Value, v: Value, p: dict[str, Value]) -> tuple[Value, Value, Value, Value]:
    """Return the point in the frame of the nearest print of the sequence, the print's pressure and its pattern."""
    last = p["prints"] - 1.0
    number = (u / p["step"] + p["prints"] * 0.5).math("FLOOR").math("MAXIMUM", 0.0).math("MINIMUM", last)
    pattern = p["pattern"] + number * FINGER_STEP
    later = number.math("MINIMUM", 1.0)
    stagger = later * ((pattern * SPREAD[0]).math("FRACT") * 2.0 - 1.0) * p["height"] * STAGGER
    pressure = (1.0 - number * p["fading"]).math("MAXIMUM", 0.0)
    return u - (number - last * 0.5) * p["step"], v - stagger, pressure, pattern


def _contact(u: Value, v: Value, p: dict[str, Value]) -> Value:
    dragged = 1.0 + p["smear"] * (1.0 - v.math("GREATER_THAN", 0.0))
    across, along = u * 2.0 / p["width"], v * 2.0 / (p["height"] * dragged)
    fade = ((1.0 - (across * across + along * along).math("SQRT")) / p["softness"]).clamped()
    towards = across * p["coverage_angle"].math("COSINE") + along * p["coverage_angle"].math("SINE")
    ramp = ((towards + p["coverage"] * 2.5 - 1.0) * 2.0).clamped()
    return fade * ramp


def _ridges(tree: bpy.types.NodeTree, u: Value, v: Value, p: dict[str, Value]) -> Value:
    """Return the amount of grease, from 0 in a furrow to 1 on a ridge."""
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
