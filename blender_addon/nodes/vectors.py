"""Vector nodes for shader graphs: the vector counterpart of `shader_graph.Value`."""

from __future__ import annotations

from typing import TypeAlias

import bpy

from .group_interface import VERSION_KEY, find_group
from .layout import COLUMN
from .shader_graph import Operand, Value, assign, group_node

HASH_GROUP_NAME = "Stainless Water Stain Hash"
HASH_GROUP_VERSION = 2

Vector: TypeAlias = bpy.types.NodeSocket | tuple[float, float, float]


def vector_math(
    tree: bpy.types.NodeTree, operation: str, a: Vector, *others: Vector, scale: Operand | None = None
) -> bpy.types.NodeSocket:
    """Add a Vector Math node; return its vector output, or its float for LENGTH, DISTANCE and DOT_PRODUCT."""
    node = tree.nodes.new("ShaderNodeVectorMath")
    node.operation = operation
    node.hide = True
    for socket, operand in zip(node.inputs, (a, *others), strict=False):
        if isinstance(operand, tuple):
            socket.default_value = operand
        else:
            tree.links.new(operand, socket)
    if scale is not None:
        assign(tree, node.inputs["Scale"], scale)
    return node.outputs["Value" if operation in ("LENGTH", "DISTANCE", "DOT_PRODUCT") else "Vector"]


def choose(tree: bpy.types.NodeTree, first: Vector, second: Vector, switch: Value) -> bpy.types.NodeSocket:
    """Return exactly `second` if `switch` is 1, exactly `first` if it is 0."""
    node = tree.nodes.new("ShaderNodeMix")
    node.data_type = "VECTOR"
    node.hide = True
    inputs = {socket.identifier: socket for socket in node.inputs}
    tree.links.new(switch.socket, inputs["Factor_Float"])
    for identifier, vector in (("A_Vector", first), ("B_Vector", second)):
        if isinstance(vector, tuple):
            inputs[identifier].default_value = vector
        else:
            tree.links.new(vector, inputs[identifier])
    return next(socket for socket in node.outputs if socket.identifier == "Result_Vector")


def component(tree: bpy.types.NodeTree, vector: bpy.types.NodeSocket, axis: int) -> Value:
    """Return one component of a vector exactly, by a dot product.

    A Separate XYZ node is not used, because Cycles never frees the stack of its unused outputs.
    """
    unit = tuple(float(axis == other) for other in range(3))
    return Value(tree, vector_math(tree, "DOT_PRODUCT", vector, unit))


def white_noise(tree: bpy.types.NodeTree, key: bpy.types.NodeSocket, w: Value) -> bpy.types.NodeSocket:
    """Return three hashed numbers of a vector and `w`, each in [0, 1].

    The node has a group of its own. Cycles evaluates nodes in the order of the tree as soon as their inputs are ready,
    but it appends the conversions between colour, vector and point to the end of the tree. Without the groups, the
    hashes of all cells would wait for their conversions at the same time and overflow Cycles' stack.
    """
    node = group_node(tree, _hash_group(), "Hash")
    tree.links.new(key, node.inputs["Key"])
    assign(tree, node.inputs["W"], w)
    return node.outputs["Numbers"]


def _hash_group() -> bpy.types.ShaderNodeTree:
    existing = find_group(HASH_GROUP_NAME, HASH_GROUP_VERSION)
    if existing:
        return existing
    tree = bpy.data.node_groups.new(HASH_GROUP_NAME, "ShaderNodeTree")
    tree[VERSION_KEY] = HASH_GROUP_VERSION
    tree.interface.new_socket("Key", in_out="INPUT", socket_type="NodeSocketVector")
    tree.interface.new_socket("W", in_out="INPUT", socket_type="NodeSocketFloat")
    tree.interface.new_socket("Numbers", in_out="OUTPUT", socket_type="NodeSocketVector")
    given, node, out = (
        tree.nodes.new(kind) for kind in ("NodeGroupInput", "ShaderNodeTexWhiteNoise", "NodeGroupOutput")
    )
    node.noise_dimensions = "4D"
    for name, socket in (("Key", "Vector"), ("W", "W")):
        tree.links.new(given.outputs[name], node.inputs[socket])
    tree.links.new(node.outputs["Color"], out.inputs["Numbers"])
    node.location, out.location = (COLUMN, 0.0), (2 * COLUMN, 0.0)
    return tree
