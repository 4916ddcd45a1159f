"""The water stain as a shader-node group for Cycles and EEVEE, with the formulas of `reference`.

Cycles folds nodes that depend on constant inputs only and removes branches that are multiplied by a constant zero.
The group therefore contains all branches, multiplied by such switches; unused branches cost nothing at render time.
"""

from typing import TypeAlias

import bpy

from ..nodes.group_interface import find_group, new_group, set_group_inputs
from ..nodes.layout import arrange, framed
from ..nodes.object_position import GRAVITY
from ..nodes.shader_graph import Value, assign, combine, constant, separate
from ..nodes.vectors import component, vector_math, white_noise
from .cell import distance_from_centre
from .deposit_nodes import deposits, noise_shift, shifted_noise
from .params import WaterStainParams
from .reference import (
    ID_PERIOD,
    PROFILE_DRAW,
    SMALLEST_RADIUS,
)
from .search import Flow, nearest_in_grid
from .sections import group_into_panels

GROUP_NAME = "Stainless Water Stain"
GROUP_VERSION = 6
OUTPUTS = ("Reflectance", "Mask", "Stain ID", "Normalised Distance", "Crust")
JUST_ABOVE_1 = 1.0 + 2.0**-23  # the next float32 after 1; "less than" it means "at most 1" in one node

Socket: TypeAlias = bpy.types.NodeSocket
Tree: TypeAlias = bpy.types.ShaderNodeTree
Values: TypeAlias = dict[str, Value]


def set_water_stain_inputs(node: bpy.types.ShaderNodeGroup, params: WaterStainParams) -> None:
    """Set the inputs of a node of the group from `params`, by socket name."""
    set_group_inputs(node, params)


def water_stain_group() -> bpy.types.ShaderNodeTree:
    """Return the node group; build it if the file does not have this version.

    Inputs: Position (metres, object space), WaterStainParams, and Gravity on Surface (gravity, a unit vector in object
    space, projected onto the surface; 0 on a level one). Outputs: Reflectance (the additive change, 0 outside), Mask (0
    or 1), Stain ID (0 outside, a whole number below 2^24 inside), Normalised Distance (1 outside), Crust (0..1).
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree, position, p, out = new_group(GROUP_NAME, GROUP_VERSION, WaterStainParams, OUTPUTS)
    gravity = gravity_socket(tree)
    with framed(tree, "Cell units"):
        in_grid = 1.0 - p["explicit_centre"]
        inverse = constant(tree, 1.0) / p["cell_size"]
        point = vector_math(tree, "SCALE", position, scale=inverse)
        radius, amplitude = p["radius"] * inverse, p["amplitude"] * inverse
    with framed(tree, "Shift of the noise by the seed"):
        shift = noise_shift(p["seed_offset"])
    with framed(tree, "Outline: r' = r + Perlin(p f) A"):
        wrinkles = shifted_noise(tree, position, p["frequency"], shift, p["octaves"] - 1.0, p["octave_gain"])
        gain, more = p["octave_gain"], [p["octaves"].math("GREATER_THAN", least) for least in (1.0, 2.0)]
        perturbation = wrinkles * (amplitude / (gain * more[0] + 1.0 + gain * gain * more[1]))
        outline = (perturbation + radius).math("MAXIMUM", SMALLEST_RADIUS)
    with framed(tree, "Run-off"):
        flow = flow_of(tree, gravity, p)

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
    added, crust = deposits(tree, position, shift, ratio, cell, p)
    with framed(tree, "Reflectance: (d/r')^gamma alpha"):
        change = inside * (intensity * ratio.math("POWER", decay) + added)
        crust = inside * crust
    with framed(tree, "Stain ID"):
        stain_id = inside * (_stain_id(tree, cell) * in_grid + p["explicit_centre"])

    for name, value in zip(OUTPUTS, (change, inside, stain_id, ratio, crust), strict=True):
        assign(tree, out.inputs[name], value)
    arrange(tree)
    group_into_panels(tree)
    return tree


def gravity_socket(tree: Tree) -> Socket:
    """Add the input for projected gravity to a stain's group; return it inside the group."""
    socket = tree.interface.new_socket(GRAVITY, in_out="INPUT", socket_type="NodeSocketVector")
    socket.description = "Gravity, a unit vector in object space, projected onto the surface"
    (given,) = (node for node in tree.nodes if node.type == "GROUP_INPUT")
    return given.outputs[GRAVITY]


def flow_of(tree: Tree, gravity: Socket, p: Values) -> Flow:
    """Return the run-off of a stain: its direction, given or downhill, and how much it compresses distances."""
    azimuth, elevation, follows = p["run_off_azimuth"], p["run_off_elevation"], p["follow_gravity"]
    level = elevation.math("COSINE")
    given = combine(tree, azimuth.math("COSINE") * level, azimuth.math("SINE") * level, elevation.math("SINE"))
    steepness = Value(tree, vector_math(tree, "LENGTH", gravity))
    downhill = vector_math(tree, "SCALE", gravity, scale=follows / steepness)  # a division by 0 gives 0
    downstream = vector_math(tree, "ADD", vector_math(tree, "SCALE", given, scale=1.0 - follows), downhill)
    run_off = p["run_off"] * (1.0 - follows + steepness * follows)
    return downstream, run_off / (run_off + 1.0)


def _stain_id(tree: Tree, cell: Socket) -> Value:
    """Return the number of a cell's stain from its wrapped index; all intermediate values are integers below 2^24."""
    wrapped = []
    for part, period in zip(separate(tree, cell), ID_PERIOD, strict=True):
        wrapped.append(part - (part * (1 / period)).math("FLOOR") * float(period))
    x, y, z = wrapped
    return x + y * float(ID_PERIOD[0]) + z * float(ID_PERIOD[0] * ID_PERIOD[1]) + 1.0
