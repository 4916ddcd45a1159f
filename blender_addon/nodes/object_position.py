"""The shaded point and gravity in the object's own frame, in metres, as the space of stains.

Object coordinates are in scene units before the object's scale. This group multiplies each axis by the world length
of its unit. Stains therefore keep their size and shape under any scale, including that of parents and instances, and
follow the object when it moves or turns. No UVs are needed. Shear is ignored.

Gravity points along -z of the world. Its projection onto the surface is as long as the sine of the slope: 0 on a level
surface, 1 on a vertical one. It turns against the object when the object turns.
"""

import bpy

from .group_interface import VERSION_KEY, find_group
from .shader_graph import Value, combine, separate
from .vectors import vector_math

GROUP_NAME = "Stainless Object Position"
GROUP_VERSION = 2
UNIT = "Metres per Unit"
GRAVITY = "Gravity on Surface"
DOWN = (0.0, 0.0, -1.0)
AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def object_position_group() -> bpy.types.ShaderNodeTree:
    """Return the group: input Metres per Unit (of the scene), outputs Position (metres) and Gravity on Surface."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree = bpy.data.node_groups.new(GROUP_NAME, "ShaderNodeTree")
    tree[VERSION_KEY] = GROUP_VERSION
    for output in ("Position", GRAVITY):
        tree.interface.new_socket(output, in_out="OUTPUT", socket_type="NodeSocketVector")
    unit = tree.interface.new_socket(UNIT, in_out="INPUT", socket_type="NodeSocketFloat")
    unit.default_value = 1.0
    unit.description = "Length of a scene unit in metres"
    to_metres = Value(tree, tree.nodes.new("NodeGroupInput").outputs[UNIT])
    parts = separate(tree, tree.nodes.new("ShaderNodeTexCoord").outputs["Object"])
    lengths = [_world_length(tree, axis) for axis in AXES]
    stretched = [part * length * to_metres for part, length in zip(parts, lengths, strict=True)]
    out = tree.nodes.new("NodeGroupOutput")
    tree.links.new(combine(tree, *stretched), out.inputs["Position"])
    tree.links.new(_gravity_on_surface(tree, lengths), out.inputs[GRAVITY])
    return tree


def _gravity_on_surface(tree: bpy.types.NodeTree, lengths: list[Value]) -> bpy.types.NodeSocket:
    """Return gravity projected onto the surface, in the object's frame; a unit of an axis has a world length."""
    normal = tree.nodes.new("ShaderNodeNewGeometry").outputs["Normal"]
    into = Value(tree, vector_math(tree, "DOT_PRODUCT", normal, DOWN))
    slope = vector_math(tree, "SUBTRACT", DOWN, vector_math(tree, "SCALE", normal, scale=into))
    turn = _vector_transform(tree, "WORLD", "OBJECT")
    tree.links.new(slope, turn.inputs["Vector"])
    parts = separate(tree, turn.outputs["Vector"])
    return combine(tree, *(part * length for part, length in zip(parts, lengths, strict=True)))


def _world_length(tree: bpy.types.NodeTree, axis: tuple[float, float, float]) -> Value:
    """Return the world length of a unit along an axis of the object."""
    turn = _vector_transform(tree, "OBJECT", "WORLD")
    turn.inputs["Vector"].default_value = axis
    return Value(tree, vector_math(tree, "LENGTH", turn.outputs["Vector"]))


def _vector_transform(tree: bpy.types.NodeTree, source: str, target: str) -> bpy.types.ShaderNode:
    turn = tree.nodes.new("ShaderNodeVectorTransform")
    turn.vector_type = "VECTOR"
    turn.convert_from, turn.convert_to = source, target
    return turn
