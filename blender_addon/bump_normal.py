"""Heights in metres as bent normals, the same in every Blender."""

import bpy

from .shader_graph import Value, assign

# Blender's versions differ in these defaults of the Bump node, so both are always written.
BUMP_DISTANCE = 1.0  # heights are in metres
BUMP_FILTER_WIDTH = 1.0  # pixels; what Blenders before 4.5, which have no such input, look across


def bump_normal(tree: bpy.types.NodeTree, height: Value) -> bpy.types.NodeSocket:
    """Return the normal of a surface raised by `height` metres."""
    bump = tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 1.0
    bump.inputs["Distance"].default_value = BUMP_DISTANCE
    if "Filter Width" in bump.inputs:
        bump.inputs["Filter Width"].default_value = BUMP_FILTER_WIDTH
    assign(tree, bump.inputs["Height"], height)
    return bump.outputs["Normal"]
