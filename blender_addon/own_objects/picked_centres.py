"""The nearest of several picked centres, as a group before the centre of the water stain.

Stains with the same parameters have the same outline r' at a point, because the noise follows the position and not the
centre. The stain that covers a point best is therefore the one with the nearest centre, and a single node of the water
stain draws all of them: their union, in which the nearest stain wins, as in the grid.
"""

import bpy

from ..nodes.group_interface import VERSION_KEY, find_group, socket_label
from ..nodes.layout import arrange, framed
from ..nodes.shader_graph import Value, assign
from ..nodes.vectors import choose, component
from ..water_stain.cell import distance_from_centre
from ..water_stain.group import flow_of, gravity_socket

GROUP_NAME = "Stainless Picked Centres"
GROUP_VERSION = 1
MOST = 8  # picked stains on one material
CENTRES = tuple(f"Centre {number}" for number in range(1, MOST + 1))
FLOW = ("run_off", "follow_gravity", "run_off_azimuth", "run_off_elevation")  # parameters that stretch distances
NEAREST = ("Centre X", "Centre Y", "Centre Z")  # outputs, called as the inputs of the water stain
NUMBER = "Number"


def picked_centres_group() -> bpy.types.ShaderNodeTree:
    """Return the group: it takes the position, gravity, the run-off and all centres, in metres.

    Its outputs are the nearest centre and its number, counted from 1. Of centres at the same distance the first counts,
    so an unused one repeats the first.
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree = bpy.data.node_groups.new(GROUP_NAME, "ShaderNodeTree")
    tree[VERSION_KEY] = GROUP_VERSION
    for output in (*NEAREST, NUMBER):
        tree.interface.new_socket(output, in_out="OUTPUT", socket_type="NodeSocketFloat")
    position = tree.interface.new_socket("Position", in_out="INPUT", socket_type="NodeSocketVector")
    position.description = "Surface point in object space, metres"
    for name in FLOW:
        tree.interface.new_socket(socket_label(name), in_out="INPUT", socket_type="NodeSocketFloat")
    for name in CENTRES:
        socket = tree.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketVector")
        socket.description = "Centre of a picked stain in object space, metres"
    given = tree.nodes.new("NodeGroupInput").outputs
    out = tree.nodes.new("NodeGroupOutput")
    gravity = gravity_socket(tree)
    with framed(tree, "Run-off"):
        flow = flow_of(tree, gravity, {name: Value(tree, given[socket_label(name)]) for name in FLOW})
    centre = given[CENTRES[0]]
    number: Value | float = 1.0
    with framed(tree, CENTRES[0]):
        nearest = distance_from_centre(tree, given["Position"], centre, *flow)
    for place, name in enumerate(CENTRES[1:], start=2):
        with framed(tree, name):
            distance = distance_from_centre(tree, given["Position"], given[name], *flow)
            nearer = distance.math("LESS_THAN", nearest)
            nearest = distance.math("MINIMUM", nearest)
            centre = choose(tree, centre, given[name], nearer)
            number = nearer * float(place) + (1.0 - nearer) * number
    for axis, name in enumerate(NEAREST):
        assign(tree, out.inputs[name], component(tree, centre, axis))
    assign(tree, out.inputs[NUMBER], number)
    arrange(tree)
    return tree
