"""The part of the water-stain graph that stands once per searched cell: is this cell's stain the covering one?"""

import bpy

from .group_interface import VERSION_KEY, find_group
from .shader_graph import Value, assign
from .water_stain_reference import SMALLEST_RADIUS, STAIN_KEY
from .water_stain_vectors import choose, component, vector_math, white_noise

GROUP_NAME = "Stainless Water Stain Cell"
GROUP_VERSION = 1
NOTHING_NEAR = 1e9  # a normalised distance beyond all others

_VECTORS = {
    "Local Position": "The point, counted from the search's first cell, in cell units",
    "First Key": "Half-integer hash key of the search's first cell",
    "Cell": "This cell, counted from the search's first",
    "Jitter": "How much of the cell its centre may use along x, y and z",
    "Downstream": "Unit vector along which stains have run off",
    "Nearest Cell": "The cell that covers the point best so far",
}
_FLOATS = {
    "Run-off Compression": "run-off / (1 + run-off)",
    "Radius": "r, metres",
    "Radius Spread": "r times its variation, metres",
    "Perturbation": "A times the Perlin noise, metres",
    "Inverse Cell Size": "1/G, 1/metres",
    "Presence": "Probability that there is a stain",
    "Nearest": "Normalised distance to the centre of the nearest cell so far",
}


def water_stain_cell_group() -> bpy.types.ShaderNodeTree:
    """Return the group: the best normalised distance and cell so far in, with this cell considered out."""
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

    key = vector_math(tree, "ADD", given["First Key"], given["Cell"])
    centre = vector_math(tree, "MULTIPLY", white_noise(tree, key), given["Jitter"])
    offset = vector_math(
        tree, "SUBTRACT", vector_math(tree, "SUBTRACT", given["Local Position"], given["Cell"]), centre
    )
    distance = distance_from_centre(tree, offset, given["Downstream"], floats["Run-off Compression"])

    drawn = white_noise(tree, vector_math(tree, "ADD", key, (STAIN_KEY,) * 3))
    radius_draw, presence_draw = component(tree, drawn, 0), component(tree, drawn, 1)
    radius = floats["Radius"] + floats["Radius Spread"] * (radius_draw * 2.0 - 1.0)
    outline = (radius + floats["Perturbation"]).math("MAXIMUM", SMALLEST_RADIUS) * floats["Inverse Cell Size"]
    presence = floats["Presence"]
    absent = presence_draw.math("GREATER_THAN", presence) * presence.math("LESS_THAN", 1.0)
    ratio = distance / outline + absent * NOTHING_NEAR

    nearer = ratio.math("LESS_THAN", floats["Nearest"])
    assign(tree, out.inputs["Nearest"], ratio.math("MINIMUM", floats["Nearest"]))
    tree.links.new(choose(tree, given["Nearest Cell"], given["Cell"], nearer), out.inputs["Nearest Cell"])
    return tree


def distance_from_centre(
    tree: bpy.types.NodeTree, offset: bpy.types.NodeSocket, downstream: bpy.types.NodeSocket, compression: Value
) -> Value:
    """Return the length of `offset` from a centre, what lies downstream compressed by 1 - `compression`."""
    along = Value(tree, vector_math(tree, "DOT_PRODUCT", offset, downstream)).math("MAXIMUM", 0.0) * compression
    run_off = vector_math(tree, "SCALE", downstream, scale=along)
    return Value(tree, vector_math(tree, "LENGTH", vector_math(tree, "SUBTRACT", offset, run_off)))
