"""The shaded point in the object's own frame, in metres, as the texture space of stains.

Object coordinates are in scene units before the object's scale. This group multiplies each axis by the world length
of its unit. Stains therefore keep their size and shape under any scale, including that of parents and instances, and
follow the object when it moves or turns. No UVs are needed. Shear is ignored.
"""

import bpy

from .group_interface import VERSION_KEY, find_group
from .shader_graph import Value, combine, separate

GROUP_NAME = "Stainless Object Position"
GROUP_VERSION = 1
UNIT = "Metres per Unit"


def object_position_group() -> bpy.types.ShaderNodeTree:
    """Return the group with the input Metres per Unit (of the scene) and the output Position (metres)."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree = bpy.data.node_groups.new(GROUP_NAME, "ShaderNodeTree")
    tree[VERSION_KEY] = GROUP_VERSION
    tree.interface.new_socket("Position", in_out="OUTPUT", socket_type="NodeSocketVector")
    unit = tree.interface.new_socket(UNIT, in_out="INPUT", socket_type="NodeSocketFloat")
    unit.default_value = 1.0
    unit.description = "Length of a scene unit in metres"
    to_metres = Value(tree, tree.nodes.new("NodeGroupInput").outputs[UNIT])
    parts = separate(tree, tree.nodes.new("ShaderNodeTexCoord").outputs["Object"])
    stretched = [
        part * _world_length(tree, axis) * to_metres
        for part, axis in zip(parts, ((1, 0, 0), (0, 1, 0), (0, 0, 1)), strict=True)
    ]
    out = tree.nodes.new("NodeGroupOutput")
    tree.links.new(combine(tree, *stretched), out.inputs["Position"])
    return tree


def _world_length(tree: bpy.types.NodeTree, axis: tuple[float, float, float]) -> Value:
    """Return the world length of a unit along an axis of the object."""
    turn = tree.nodes.new("ShaderNodeVectorTransform")
    turn.vector_type = "VECTOR"
    turn.convert_from, turn.convert_to = "OBJECT", "WORLD"
    turn.inputs["Vector"].default_value = axis
    length = tree.nodes.new("ShaderNodeVectorMath")
    length.operation = "LENGTH"
    tree.links.new(turn.outputs["Vector"], length.inputs[0])
    return Value(tree, length.outputs["Value"])
