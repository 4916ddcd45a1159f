"""Deposits that the water leaves inside a stain's outline, as shader nodes; the formulas are those of `deposits`."""

from typing import TypeAlias

import bpy

from ..nodes.layout import framed
from ..nodes.shader_graph import Value, assign, combine, noise
from ..nodes.vectors import component, vector_math, white_noise
from .deposits import (
    CONTOUR_DRAW,
    CONTOUR_STEP,
    CRUST_GAIN,
    CRUST_NOISE,
    CRUST_OCTAVES,
    CRUST_ONSET,
    CRUST_SLOPE,
    CRUST_SPAN,
    RIM_INTENSITY_NOISE,
    RIM_NOISE_SLOPE,
    RIM_WIDTH_NOISE,
    SPECKLE_ONSET,
    SPECKLE_SLOPE,
)
from .noise import NOISE_SPAN, NOISE_STEPS

Socket: TypeAlias = bpy.types.NodeSocket
Tree: TypeAlias = bpy.types.ShaderNodeTree
Values: TypeAlias = dict[str, Value]


def deposits(
    tree: Tree, position: Socket, shift: tuple[Value, ...], ratio: Value, cell: Socket, p: Values
) -> tuple[Value, Value]:
    """Return the reflectance that the deposits add inside a stain, and the crust, 0..1.

    `shift` is the noise's shift by the seed, `ratio` is d/r', `cell` is the index of the stain's cell.
    """
    with framed(tree, "Rim along the outline"):
        rim = _rim(tree, position, ratio, p)
    with framed(tree, "Inner ring"):
        ring = p["ring_intensity"] * _band(ratio, p["ring_position"], p["ring_width"])
    with framed(tree, "Lines of drying stages"):
        contours = p["contour_intensity"] * _contours(tree, ratio, cell, p)
    with framed(tree, "Mineral speckle"):
        mineral = shifted_noise(tree, position, p["speckle_frequency"], shift)
        speck = ((mineral - SPECKLE_ONSET) * SPECKLE_SLOPE).clamped()
        specks = p["speckle_intensity"] * (speck * speck)
    with framed(tree, "Mineral crust"):
        patches = shifted_noise(
            tree,
            position,
            p["crust_frequency"],
            noise_shift(p["seed_offset"] + CRUST_NOISE),
            CRUST_OCTAVES - 1,
            CRUST_GAIN,
        )
        coverage = p["crust_coverage"]
        excess = patches - (CRUST_ONSET - coverage * ratio * CRUST_SPAN)
        crust = (excess * CRUST_SLOPE).clamped() * coverage.math("GREATER_THAN", 0.0)
    with framed(tree, "All deposits"):
        return rim + ring + contours + specks + p["crust_intensity"] * crust, crust


def noise_shift(seed: Value) -> tuple[Value, ...]:
    """Return the shift of the noise by a seed, in lattice units."""
    return tuple((seed * float(step) * (1 / 4096)).math("FRACT") * NOISE_SPAN for step in NOISE_STEPS)


def shifted_noise(
    tree: Tree,
    position: Socket,
    frequency: Value,
    shift: tuple[Value, ...],
    detail: Value | float = 0.0,
    gain: Value | float = 0.5,
) -> Value:
    """Return noise at `frequency` with `detail` further octaves.

    The shift is divided by the frequency, so that the Noise node itself does the scaling.
    """
    shifted = vector_math(tree, "ADD", position, combine(tree, *(part / frequency for part in shift)))
    value = noise(tree, shifted, detail=0.0)
    for name, operand in (("Scale", frequency), ("Detail", detail), ("Roughness", gain)):
        assign(tree, value.socket.node.inputs[name], operand)
    return value


def _rim(tree: Tree, position: Socket, ratio: Value, p: Values) -> Value:
    sway = {}
    for name, number in (("rim_width", RIM_WIDTH_NOISE), ("rim_intensity", RIM_INTENSITY_NOISE)):
        shift = noise_shift(p["seed_offset"] + number)
        along = shifted_noise(tree, position, p["rim_variation_frequency"], shift) * RIM_NOISE_SLOPE
        sway[name] = p[name] * p[f"{name}_variation"] * along.math("MAXIMUM", -1.0).math("MINIMUM", 1.0)
    width = p["rim_width"] + sway["rim_width"]
    intensity = p["rim_intensity"] + sway["rim_intensity"]
    return intensity * _band(ratio, 1.0 - width * 0.5, width)


def _contours(tree: Tree, ratio: Value, cell: Socket, p: Values) -> Value:
    spacing = p["contour_spacing"]
    half = (p["contour_width"] / spacing).math("MINIMUM", 1.0) * 0.5
    place = (1.0 - ratio) / spacing
    line = (place + 0.5).math("FLOOR")
    inner = line.math("GREATER_THAN", 0.5) * line.math("LESS_THAN", p["contours"] + 0.5)
    variation = p["contour_variation"] * (1.0 - p["explicit_centre"])
    drawn = white_noise(tree, cell, p["seed_offset"] + (line * CONTOUR_STEP + CONTOUR_DRAW))
    fading, moving = component(tree, drawn, 0), component(tree, drawn, 1)
    strength = 1.0 - variation * fading
    centre = line + variation * (0.5 - half) * (moving * 2.0 - 1.0)
    return _bell(1.0 - abs(place - centre) / half) * inner * strength


def _band(ratio: Value, centre: Value, width: Value) -> Value:
    return _bell(1.0 - abs(ratio - centre) / (width * 0.5))


def _bell(x: Value) -> Value:
    x = x.math("MAXIMUM", 0.0)
    return x * x * (3.0 - x * 2.0)
