"""The water stain as a shader-node group for Cycles and EEVEE, with the formulas of `reference`.

Cycles folds nodes that depend on constant inputs only and removes branches that are multiplied by a constant zero.
The group therefore contains all branches, multiplied by such switches; unused branches cost nothing at render time.
"""

from typing import TypeAlias

import bpy

from ..nodes.group_interface import find_group, new_group, set_group_inputs
from ..nodes.layout import arrange, framed
from ..nodes.shader_graph import Value, assign, combine, constant, noise, separate
from ..nodes.vectors import component, vector_math, white_noise
from .cell import distance_from_centre
from .params import WaterStainParams
from .reference import (
    ID_PERIOD,
    NOISE_SPAN,
    NOISE_STEPS,
    PROFILE_DRAW,
    SMALLEST_RADIUS,
    SPECKLE_ONSET,
    SPECKLE_SLOPE,
)
from .search import Flow, nearest_in_grid

GROUP_NAME = "Stainless Water Stain"
GROUP_VERSION = 5
OUTPUTS = ("Reflectance", "Mask", "Stain ID", "Normalised Distance")
JUST_ABOVE_1 = 1.0 + 2.0**-23  # the next float32 after 1; "less than" it means "at most 1" in one node

Socket: TypeAlias = bpy.types.NodeSocket
Tree: TypeAlias = bpy.types.ShaderNodeTree
Values: TypeAlias = dict[str, Value]


def set_water_stain_inputs(node: bpy.types.ShaderNodeGroup, params: WaterStainParams) -> None:
    """Set the inputs of a node of the group from `params`, by socket name."""
    set_group_inputs(node, params)


def water_stain_group() -> bpy.types.ShaderNodeTree:
    """Return the node group; build it if the file does not have this version.

    Inputs: Position (metres, object space) and WaterStainParams. Outputs: Reflectance (the additive change, 0
    outside), Mask (0 or 1), Stain ID (0 outside, a whole number below 2^24 inside), Normalised Distance (1 outside).
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, WaterStainParams, OUTPUTS)
    with framed(tree, "Cell units"):
        in_grid = 1.0 - p["explicit_centre"]
        inverse = constant(tree, 1.0) / p["cell_size"]
        point = vector_math(tree, "SCALE", position, scale=inverse)
        radius, amplitude = p["radius"] * inverse, p["amplitude"] * inverse
    with framed(tree, "Shift of the noise by the seed"):
        shift = _noise_shift(p["seed_offset"])
    with framed(tree, "Outline: r' = r + Perlin(p f) A"):
        perturbation = _shifted_noise(tree, position, p["frequency"], shift) * amplitude
        outline = (perturbation + radius).math("MAXIMUM", SMALLEST_RADIUS)
    with framed(tree, "Run-off"):
        flow = _run_off(tree, p)

    grid_ratio, cell = nearest_in_grid(tree, point, radius, amplitude, perturbation, outline, flow, p)
    with framed(tree, "Explicit centre: |p - c| / r'"):
        centre = combine(tree, p["centre_x"], p["centre_y"], p["centre_z"])
        in_cells = vector_math(tree, "SCALE", centre, scale=inverse)
        single_ratio = distance_from_centre(tree, point, in_cells, *flow) / outline
    with framed(tree, "Inside where d <= r'"):
        ratio = grid_ratio * in_grid + single_ratio * p["explicit_centre"]
        inside = ratio.math("LESS_THAN", JUST_ABOVE_1)
        ratio = ratio.math("MINIMUM", 1.0)
    with framed(tree, "Each stain's own decay and intensity"):
        drawn = white_noise(tree, cell, p["seed_offset"] + PROFILE_DRAW)
        decay_draw, intensity_draw = component(tree, drawn, 0), component(tree, drawn, 1)
        decay = p["decay"] + p["decay"] * p["decay_variation"] * in_grid * (decay_draw * 2.0 - 1.0)
        strength = p["intensity"] * p["intensity_variation"] * in_grid
        intensity = p["intensity"] + strength * (intensity_draw * 2.0 - 1.0)
    with framed(tree, "Rim, inner ring, mineral speckle"):
        added = _heterogeneity(tree, position, shift, ratio, p)
    with framed(tree, "Reflectance: (d/r')^gamma alpha"):
        change = inside * (intensity * ratio.math("POWER", decay) + added)
    with framed(tree, "Stain ID"):
        stain_id = inside * (_stain_id(tree, cell) * in_grid + p["explicit_centre"])

    for name, value in zip(OUTPUTS, (change, inside, stain_id, ratio), strict=True):
        assign(tree, out.inputs[name], value)
    arrange(tree)
    return tree


def _noise_shift(seed: Value) -> tuple[Value, ...]:
    return tuple((seed * float(step) * (1 / 4096)).math("FRACT") * NOISE_SPAN for step in NOISE_STEPS)


def _shifted_noise(tree: Tree, position: Socket, frequency: Value, shift: tuple[Value, ...]) -> Value:
    """Return noise at `frequency`; the shift is divided by it, so that the Noise node itself does the scaling."""
    shifted = vector_math(tree, "ADD", position, combine(tree, *(part / frequency for part in shift)))
    value = noise(tree, shifted, detail=0.0)
    assign(tree, value.socket.node.inputs["Scale"], frequency)
    return value


def _run_off(tree: Tree, p: Values) -> Flow:
    azimuth, elevation = p["run_off_azimuth"], p["run_off_elevation"]
    level = elevation.math("COSINE")
    downstream = combine(tree, azimuth.math("COSINE") * level, azimuth.math("SINE") * level, elevation.math("SINE"))
    return downstream, p["run_off"] / (p["run_off"] + 1.0)


def _heterogeneity(tree: Tree, position: Socket, shift: tuple[Value, ...], ratio: Value, p: Values) -> Value:
    rim = _band(ratio, 1.0 - p["rim_width"] * 0.5, p["rim_width"])
    ring = _band(ratio, p["ring_position"], p["ring_width"])
    mineral = _shifted_noise(tree, position, p["speckle_frequency"], shift)
    speck = ((mineral - SPECKLE_ONSET) * SPECKLE_SLOPE).clamped()
    return p["rim_intensity"] * rim + p["ring_intensity"] * ring + p["speckle_intensity"] * (speck * speck)


def _band(ratio: Value, centre: Value, width: Value) -> Value:
    x = (1.0 - abs(ratio - centre) / (width * 0.5)).math("MAXIMUM", 0.0)
    return x * x * (3.0 - x * 2.0)


def _stain_id(tree: Tree, cell: Socket) -> Value:
    """Return the number of a cell's stain from its wrapped index; all intermediate values are integers below 2^24."""
    wrapped = []
    for part, period in zip(separate(tree, cell), ID_PERIOD, strict=True):
        wrapped.append(part - (part * (1 / period)).math("FLOOR") * float(period))
    x, y, z = wrapped
    return x + y * float(ID_PERIOD[0]) + z * float(ID_PERIOD[0] * ID_PERIOD[1]) + 1.0
