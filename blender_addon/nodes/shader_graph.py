"""Shader graphs written as formulas: arithmetic on a `Value`, which is a float socket, adds Math nodes."""

from __future__ import annotations

from typing import TypeAlias

import bpy

Operand: TypeAlias = "Value | float"


def node_socket(sockets: bpy.types.bpy_prop_collection, *names: str) -> bpy.types.NodeSocket:
    """Return the first enabled socket with one of `names`.

    Names change between Blender versions, and indices change more often. Raises KeyError with the existing names.
    """
    for name in names:
        for socket in sockets:
            if socket.enabled and socket.name == name:
                return socket
    raise KeyError(f"no socket called {' or '.join(names)} among {[s.name for s in sockets]}")


class Value:
    """A float socket in a node tree (never a vector); arithmetic on it adds Math nodes to the tree."""

    def __init__(self, tree: bpy.types.NodeTree, socket: bpy.types.NodeSocket):
        self.tree = tree
        self.socket = socket

    def math(self, operation: str, *operands: Operand) -> Value:
        """Add the Math node `operation` of this value and at most two more operands; return its result."""
        node = self.tree.nodes.new("ShaderNodeMath")
        node.operation = operation
        node.hide = True
        for socket, operand in zip(node.inputs, (self, *operands), strict=False):
            assign(self.tree, socket, operand)
        numbers = [f"{operand:.4g}" for operand in operands if not isinstance(operand, Value)]
        if numbers:  # a collapsed node does not show them
            node.label = " ".join([operation.replace("_", " ").capitalize(), *numbers])
        return Value(self.tree, node.outputs[0])

    def __add__(self, other: Operand) -> Value:
        return self.math("ADD", other)

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Value:
        return self.math("SUBTRACT", other)

    def __rsub__(self, other: float) -> Value:
        return constant(self.tree, other).math("SUBTRACT", self)

    def __mul__(self, other: Operand) -> Value:
        return self.math("MULTIPLY", other)

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Value:
        return self.math("DIVIDE", other)

    def __rtruediv__(self, other: float) -> Value:
        return constant(self.tree, other).math("DIVIDE", self)

    def __abs__(self) -> Value:
        return self.math("ABSOLUTE")

    def at_most(self, other: Operand) -> Value:
        """Return 1 if this value <= other, else 0."""
        return 1.0 - self.math("GREATER_THAN", other)

    def clamped(self) -> Value:
        """Return the value clamped to 0..1."""
        return self.math("MAXIMUM", 0.0).math("MINIMUM", 1.0)


def assign(tree: bpy.types.NodeTree, socket: bpy.types.NodeSocket, operand: Operand) -> None:
    """Link a Value to an input socket, or set the socket to a number."""
    if isinstance(operand, Value):
        tree.links.new(operand.socket, socket)
    else:
        socket.default_value = operand


def separate(tree: bpy.types.NodeTree, vector: bpy.types.NodeSocket) -> tuple[Value, Value, Value]:
    """Return the x, y and z of a vector socket."""
    node = tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(vector, node.inputs["Vector"])
    x, y, z = (Value(tree, node.outputs[axis]) for axis in "XYZ")
    return x, y, z


def combine(tree: bpy.types.NodeTree, x: Operand, y: Operand, z: Operand) -> bpy.types.NodeSocket:
    """Return a vector socket with the components x, y and z."""
    node = tree.nodes.new("ShaderNodeCombineXYZ")
    for axis, operand in zip("XYZ", (x, y, z), strict=True):
        assign(tree, node.inputs[axis], operand)
    return node.outputs["Vector"]


def noise(tree: bpy.types.NodeTree, vector: bpy.types.NodeSocket, detail: float) -> Value:
    """Return signed Perlin noise of `vector`, about -1..1, with `detail` additional octaves."""
    node = tree.nodes.new("ShaderNodeTexNoise")
    node.noise_dimensions = "3D"
    node.normalize = False
    node.inputs["Scale"].default_value = 1.0
    node.inputs["Detail"].default_value = detail
    tree.links.new(vector, node.inputs["Vector"])
    return Value(tree, node_socket(node.outputs, "Factor", "Fac"))


def constant(tree: bpy.types.NodeTree, number: float) -> Value:
    """Add a Value node with a number; return its output."""
    node = tree.nodes.new("ShaderNodeValue")
    node.outputs[0].default_value = number
    node.label, node.hide = f"{number:.4g}", True
    return Value(tree, node.outputs[0])


def hashed(tree: bpy.types.NodeTree, key: bpy.types.NodeSocket, w: Operand) -> tuple[Value, Value, Value]:
    """Return three White Noise numbers in [0, 1] of a vector and `w`; they are the same in every Blender."""
    node = tree.nodes.new("ShaderNodeTexWhiteNoise")
    node.noise_dimensions = "4D"
    tree.links.new(key, node.inputs["Vector"])
    assign(tree, node.inputs["W"], w)
    return separate(tree, node.outputs["Color"])


def group_node(tree: bpy.types.NodeTree, group: bpy.types.NodeTree, label: str) -> bpy.types.ShaderNodeGroup:
    """Add a group node of `group` to the tree; return it."""
    node = tree.nodes.new("ShaderNodeGroup")
    node.node_tree = group
    node.label = label
    node.width = 200
    return node
