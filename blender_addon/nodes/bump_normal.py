"""Surface normals from slopes and heights in metres, the same in every Blender."""

from collections.abc import Sequence

import bpy

from .shader_graph import Value, assign
from .vectors import vector_math

# The defaults of these inputs of the Bump node differ between Blender versions, so both are always set.
BUMP_DISTANCE = 1.0  # heights are in metres
BUMP_FILTER_WIDTH = 1.0  # pixels; the fixed width of Blenders before 4.5, which have no such input


Slopes = Sequence[tuple[Value, bpy.types.NodeSocket]]  # slopes and the unit directions along which they rise


def sloping_normal(tree: bpy.types.NodeTree, slopes: Slopes) -> bpy.types.NodeSocket:
    """Return the world-space normal of a surface with slopes along unit directions."""
    normal = tree.nodes.new("ShaderNodeNewGeometry").outputs["Normal"]
    for slope, direction in slopes:
        normal = vector_math(tree, "SUBTRACT", normal, vector_math(tree, "SCALE", direction, scale=slope))
    return vector_math(tree, "NORMALIZE", normal)


def bump_normal(
    tree: bpy.types.NodeTree, height: Value, normal: bpy.types.NodeSocket | None = None
) -> bpy.types.NodeSocket:
    """Return the normal of a surface raised by `height` metres; `normal` replaces the mesh's normal as its base."""
    bump = tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 1.0
    bump.inputs["Distance"].default_value = BUMP_DISTANCE
    if "Filter Width" in bump.inputs:
        bump.inputs["Filter Width"].default_value = BUMP_FILTER_WIDTH
    assign(tree, bump.inputs["Height"], height)
    if normal is not None:
        tree.links.new(normal, bump.inputs["Normal"])
    return bump.outputs["Normal"]
