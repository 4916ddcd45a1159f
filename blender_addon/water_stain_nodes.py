"""The water stain as a shader-node group, for Cycles and EEVEE; the formulas are those of `water_stain_reference`.

Cycles folds what depends on constant inputs only, and removes what is multiplied by a constant zero. So the group
computes everything, multiplied by such switches, and a branch that its inputs do not need costs nothing at render time.
"""

import bpy

from .group_interface import find_group, new_group, set_group_inputs
from .shader_graph import Value, assign, combine, group_node, noise, separate
from .water_stain import WaterStainParams
from .water_stain_cell import NOTHING_NEAR, distance_from_centre, water_stain_cell_group
from .water_stain_reference import (
    CELL_KEY,
    ID_PERIOD,
    NEIGHBOURS,
    NOISE_SPAN,
    NOISE_STEPS,
    PROFILE_KEY,
    SHORT_SEARCH,
    SMALLEST_RADIUS,
    SPECKLE_ONSET,
    SPECKLE_SLOPE,
)
from .water_stain_vectors import component, constant, vector_math, white_noise

GROUP_NAME = "Stainless Water Stain"
GROUP_VERSION = 1
OUTPUTS = ("Reflectance", "Mask", "Stain ID", "Normalised Distance")

Socket = bpy.types.NodeSocket
Tree = bpy.types.ShaderNodeTree
Values = dict[str, Value]


def set_water_stain_inputs(node: bpy.types.ShaderNodeGroup, params: WaterStainParams) -> None:
    """Write `params` onto a node that shows the group, by socket name."""
    set_group_inputs(node, params)


def water_stain_group() -> bpy.types.ShaderNodeTree:
    """Return the node group, built if the file does not have this version of it yet.

    Inputs: Position (metres, object space) and WaterStainParams. Outputs: Reflectance (the additive change, 0
    outside), Mask (0 or 1), Stain ID (0 outside, a whole number below 2^24 inside), Normalised Distance (1 outside).
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, WaterStainParams, OUTPUTS)
    in_grid = 1.0 - p["explicit_centre"]
    inverse = constant(tree, 1.0) / p["cell_size"]
    point = vector_math(tree, "SCALE", position, scale=inverse)
    shift = _noise_shift(tree, p["seed_offset"])
    perturbation = _shifted_noise(tree, position, p["frequency"], shift) * p["amplitude"]
    flow = _run_off(tree, p)

    grid_ratio, key = _nearest_in_grid(tree, point, inverse, perturbation, flow, p)
    ratio = grid_ratio * in_grid + _explicit(tree, point, inverse, perturbation, flow, p) * p["explicit_centre"]
    inside = ratio.at_most(1.0)
    ratio = ratio.math("MINIMUM", 1.0)

    drawn = white_noise(tree, vector_math(tree, "ADD", key, (PROFILE_KEY,) * 3))
    decay_draw, intensity_draw = component(tree, drawn, 0), component(tree, drawn, 1)
    decay = p["decay"] + p["decay"] * p["decay_variation"] * in_grid * (decay_draw * 2.0 - 1.0)
    intensity = p["intensity"] + p["intensity"] * p["intensity_variation"] * in_grid * (intensity_draw * 2.0 - 1.0)
    change = intensity * ratio.math("POWER", decay) + _heterogeneity(tree, position, shift, ratio, p)

    assign(tree, out.inputs["Reflectance"], inside * change)
    assign(tree, out.inputs["Mask"], inside)
    stain_id = _stain_id(tree, key, p["seed_offset"]) * in_grid + p["explicit_centre"]
    assign(tree, out.inputs["Stain ID"], inside * stain_id)
    assign(tree, out.inputs["Normalised Distance"], ratio)
    return tree


def _noise_shift(tree: Tree, seed: Value) -> Socket:
    """`water_stain_reference.noise_offset`: exact in float32, and folded to a constant."""
    parts = [(seed * float(step) * (1 / 4096)).math("FRACT") * NOISE_SPAN for step in NOISE_STEPS]
    return combine(tree, *parts)


def _shifted_noise(tree: Tree, position: Socket, frequency: Value, shift: Socket) -> Value:
    scaled = vector_math(tree, "SCALE", position, scale=frequency)
    return noise(tree, vector_math(tree, "ADD", scaled, shift), detail=0.0)


def _run_off(tree: Tree, p: Values) -> tuple[Socket, Value]:
    """The unit vector downstream, and the part by which distances along it shrink."""
    azimuth, elevation = p["run_off_azimuth"], p["run_off_elevation"]
    level = elevation.math("COSINE")
    downstream = combine(tree, azimuth.math("COSINE") * level, azimuth.math("SINE") * level, elevation.math("SINE"))
    return downstream, p["run_off"] / (p["run_off"] + 1.0)


def _nearest_in_grid(
    tree: Tree, point: Socket, inverse: Value, perturbation: Value, flow: tuple[Socket, Value], p: Values
) -> tuple[Value, Socket]:
    """Search 8 cells where no stain reaches further than half a cell, else 27: least d/r' and its cell's hash key."""
    reach = (p["radius"] * (p["radius_variation"] + 1.0) + p["amplitude"]) * (p["run_off"] + 1.0)
    short = reach.at_most(p["cell_size"] * 0.5)
    shift = 1.0 - short * 0.5
    base = vector_math(tree, "FLOOR", vector_math(tree, "SUBTRACT", point, combine(tree, shift, shift, shift)))
    local = vector_math(tree, "SUBTRACT", point, base)
    first = p["seed_offset"] + CELL_KEY
    key = vector_math(tree, "ADD", base, combine(tree, first, first, first))
    jitter = combine(tree, 1.0, 1.0, p["depth_jitter"])
    spread = p["radius"] * p["radius_variation"]

    nearest: Value | float = NOTHING_NEAR
    cell: Socket | None = None
    after_short = None
    for number, offset in enumerate(NEIGHBOURS):
        if number == SHORT_SEARCH:
            after_short = nearest, cell
        node = group_node(tree, water_stain_cell_group(), f"Cell {offset}")
        node.inputs["Cell"].default_value = offset
        for name, vector in (
            ("Local Position", local),
            ("First Key", key),
            ("Jitter", jitter),
            ("Downstream", flow[0]),
            ("Nearest Cell", cell),
        ):
            if vector is not None:
                tree.links.new(vector, node.inputs[name])
        for name, value in (
            ("Run-off Compression", flow[1]),
            ("Radius", p["radius"]),
            ("Radius Spread", spread),
            ("Perturbation", perturbation),
            ("Inverse Cell Size", inverse),
            ("Presence", p["presence"]),
            ("Nearest", nearest),
        ):
            assign(tree, node.inputs[name], value)
        nearest, cell = Value(tree, node.outputs["Nearest"]), node.outputs["Nearest Cell"]

    of_8, cell_of_8 = after_short
    chosen = vector_math(
        tree,
        "ADD",
        vector_math(tree, "SCALE", cell_of_8, scale=short),
        vector_math(tree, "SCALE", cell, scale=1.0 - short),
    )
    return of_8 * short + nearest * (1.0 - short), vector_math(tree, "ADD", key, chosen)


def _explicit(
    tree: Tree, point: Socket, inverse: Value, perturbation: Value, flow: tuple[Socket, Value], p: Values
) -> Value:
    """Return d/r' of the single stain round the given centre."""
    centre = combine(tree, p["centre_x"], p["centre_y"], p["centre_z"])
    offset = vector_math(tree, "SUBTRACT", point, vector_math(tree, "SCALE", centre, scale=inverse))
    outline = (p["radius"] + perturbation).math("MAXIMUM", SMALLEST_RADIUS) * inverse
    return distance_from_centre(tree, offset, *flow) / outline


def _heterogeneity(tree: Tree, position: Socket, shift: Socket, ratio: Value, p: Values) -> Value:
    rim = _band(ratio, 1.0 - p["rim_width"] * 0.5, p["rim_width"])
    ring = _band(ratio, p["ring_position"], p["ring_width"])
    mineral = _shifted_noise(tree, position, p["speckle_frequency"], shift)
    speck = ((mineral - SPECKLE_ONSET) * SPECKLE_SLOPE).clamped()
    return p["rim_intensity"] * rim + p["ring_intensity"] * ring + p["speckle_intensity"] * (speck * speck)


def _band(ratio: Value, centre: Value, width: Value) -> Value:
    x = (1.0 - abs(ratio - centre) / (width * 0.5)).math("MAXIMUM", 0.0)
    return x * x * (3.0 - x * 2.0)


def _stain_id(tree: Tree, key: Socket, seed: Value) -> Value:
    """Number the stain by its cell's index, wrapped; all intermediate numbers are whole and below 2^24."""
    first = seed + CELL_KEY
    index = vector_math(tree, "SUBTRACT", key, combine(tree, first, first, first))
    wrapped = []
    for part, period in zip(separate(tree, index), ID_PERIOD, strict=True):
        wrapped.append(part - (part * (1 / period)).math("FLOOR") * float(period))
    x, y, z = wrapped
    return x + y * float(ID_PERIOD[0]) + z * float(ID_PERIOD[0] * ID_PERIOD[1]) + 1.0
