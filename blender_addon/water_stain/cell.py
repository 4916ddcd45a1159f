"""The group that the water-stain graph uses once per searched cell; it updates the nearest distance and cell."""

import bpy

from ..nodes.group_interface import VERSION_KEY, find_group
from ..nodes.layout import arrange, framed
from ..nodes.shader_graph import Value, assign
from ..nodes.vectors import choose, component, vector_math, white_noise
from .reference import CENTRE_DRAW, SMALLEST_RADIUS, STAIN_DRAW

GROUP_NAME = "Stainless Water Stain Cell"
GROUP_VERSION = 3
NOTHING_NEAR = 1e9  # cells; a distance beyond any stain

_VECTORS = {
    "Point": "Surface point in cell units",
    "First Cell": "Index of the first cell of the search",
    "Cell": "Index of this cell relative to the first",
    "Jitter": "Part of the cell that its centre may use along x, y and z",
    "Downstream": "Unit vector of the run-off",
    "Nearest Cell": "Cell that covers the point best so far",
}
_FLOATS = {
    "Seed Offset": "Fourth coordinate of the hash",
    "Run-off Compression": "Run-off / (1 + run-off)",
    "Radius": "Radius r in cell units, as all lengths here",
    "Radius Spread": "Radius r times its variation",
    "Perturbation": "Amplitude A times the Perlin noise",
    "Presence": "Probability that a cell has a stain",
    "Nearest": "Distance to the nearest centre so far, divided by r' if radii differ",
}


def water_stain_cell_group() -> bpy.types.ShaderNodeTree:
    """Return the group: it takes the nearest distance and cell so far and returns them updated by one more cell."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree = bpy.data.node_groups.new(GROUP_NAME, "ShaderNodeTree")
    tree[VERSION_KEY] = GROUP_VERSION
    for words, kind in ((_VECTORS, "NodeSocketVector"), (_FLOATS, "NodeSocketFloat")):
        for name, description in words.items():
            tree.interface.new_socket(name, in_out="INPUT", socket_type=kind).description = description
    tree.interface.new_socket("Nearest", in_out="OUTPUT", socket_type="NodeSocketFloat")
    tree.interface.new_socket("Nearest Cell", in_out="OUTPUT", socket_type="NodeSocketVector")
    given = tree.nodes.new("NodeGroupInput").outputs
    out = tree.nodes.new("NodeGroupOutput")
    floats = {name: Value(tree, given[name]) for name in _FLOATS}

    with framed(tree, "This cell's centre"):
        key = vector_math(tree, "ADD", given["First Cell"], given["Cell"])
        drawn = white_noise(tree, key, floats["Seed Offset"] + CENTRE_DRAW)
        centre = vector_math(tree, "MULTIPLY_ADD", drawn, given["Jitter"], key)
    with framed(tree, "Distance from it, stretched downstream"):
        compression = floats["Run-off Compression"]
        distance = distance_from_centre(tree, given["Point"], centre, given["Downstream"], compression)
    with framed(tree, "The stain's own radius"):
        drawn = white_noise(tree, key, floats["Seed Offset"] + STAIN_DRAW)
        radius_draw, presence_draw = component(tree, drawn, 0), component(tree, drawn, 1)
        radius = floats["Radius"] + floats["Radius Spread"] * (radius_draw * 2.0 - 1.0)
        outline = (floats["Perturbation"] + radius).math("MAXIMUM", SMALLEST_RADIUS)
        own_radii = floats["Radius Spread"].math("GREATER_THAN", 0.0)
    with framed(tree, "Is there a stain at all?"):
        presence = floats["Presence"]
        absent = presence_draw.math("GREATER_THAN", presence) * presence.math("LESS_THAN", 1.0)
    with framed(tree, "Nearest so far"):
        measure = distance / (outline * own_radii + (1.0 - own_radii)) + absent * NOTHING_NEAR
        nearer = measure.math("LESS_THAN", floats["Nearest"])
        nearest = measure.math("MINIMUM", floats["Nearest"])
        cell = choose(tree, given["Nearest Cell"], given["Cell"], nearer)
    assign(tree, out.inputs["Nearest"], nearest)
    tree.links.new(cell, out.inputs["Nearest Cell"])
    arrange(tree)
    return tree


def distance_from_centre(
    tree: bpy.types.NodeTree,
    point: bpy.types.NodeSocket,
    centre: bpy.types.NodeSocket,
    downstream: bpy.types.NodeSocket,
    compression: Value,
) -> Value:
    """Return the distance of `point` from `centre`; the downstream part is multiplied by 1 - `compression`."""
    flows = compression.math("GREATER_THAN", 0.0)
    round_distance = Value(tree, vector_math(tree, "DISTANCE", point, centre))
    offset = vector_math(tree, "SUBTRACT", point, centre)
    along = Value(tree, vector_math(tree, "DOT_PRODUCT", offset, downstream)).math("MAXIMUM", 0.0) * compression
    run_off = vector_math(tree, "SCALE", downstream, scale=along)
    stretched_distance = Value(tree, vector_math(tree, "LENGTH", vector_math(tree, "SUBTRACT", offset, run_off)))
    return round_distance * (1.0 - flows) + stretched_distance * flows
