"""The plate's material: brushed metal, darkened by stains, its normals bent by grooves, scratches and dents."""

import bpy

from .brushed_metal import brushed_metal_height
from .dent import dent_group
from .group_interface import set_group_inputs
from .inspected_surface import InspectedSurface
from .scratch import scratch_group
from .shader_graph import Value, assign, combine, group_node
from .water_stain_nodes import set_water_stain_inputs, water_stain_group

# Blender's versions differ in these defaults of the Bump node, so both are always written.
BUMP_DISTANCE = 1.0  # heights are in metres
BUMP_FILTER_WIDTH = 1.0  # pixels; what Blenders before 4.5, which have no such input, look across


def surface_material(surface: InspectedSurface) -> bpy.types.Material:
    """Build the material of one plate."""
    material = bpy.data.materials.new("Inspected Surface")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    position = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]

    height, roughness = brushed_metal_height(tree, position, surface.metal)
    for defect in defect_nodes(tree, position, surface):
        height = height + Value(tree, defect.outputs["Height"])
    reflectance: Value | float = surface.metal.base_reflectance
    if surface.water_stain is not None:
        stain = water_stain_node(tree, position, surface)
        reflectance = (Value(tree, stain.outputs["Reflectance"]) + reflectance).clamped()

    bump = tree.nodes.new("ShaderNodeBump")
    bump.inputs["Strength"].default_value = 1.0
    bump.inputs["Distance"].default_value = BUMP_DISTANCE
    if "Filter Width" in bump.inputs:
        bump.inputs["Filter Width"].default_value = BUMP_FILTER_WIDTH
    assign(tree, bump.inputs["Height"], height)

    metal = tree.nodes.new("ShaderNodeBsdfPrincipled")
    metal.inputs["Metallic"].default_value = 1.0
    metal.inputs["Anisotropic"].default_value = surface.metal.anisotropy
    tree.links.new(combine(tree, reflectance, reflectance, reflectance), metal.inputs["Base Color"])
    assign(tree, metal.inputs["Roughness"], roughness)
    tree.links.new(bump.outputs["Normal"], metal.inputs["Normal"])
    tree.links.new(_across_grooves(tree), metal.inputs["Tangent"])
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(metal.outputs["BSDF"], output.inputs["Surface"])
    return material


def defect_nodes(
    tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, surface: InspectedSurface
) -> list[bpy.types.ShaderNodeGroup]:
    """Add a group node for every scratch, then for every dent; return them in this order."""
    nodes = []
    for group, label, defects in (
        (scratch_group, "Scratch", surface.scratches),
        (dent_group, "Dent", surface.dents),
    ):
        for number, params in enumerate(defects, start=1):
            node = group_node(tree, group(), f"{label} {number}")
            tree.links.new(position, node.inputs["Position"])
            set_group_inputs(node, params)
            nodes.append(node)
    return nodes


def water_stain_node(
    tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, surface: InspectedSurface
) -> bpy.types.ShaderNodeGroup:
    """Add the group node of the surface's water stains."""
    node = group_node(tree, water_stain_group(), "Water Stain")
    tree.links.new(position, node.inputs["Position"])
    set_water_stain_inputs(node, surface.water_stain)
    return node


def _across_grooves(tree: bpy.types.NodeTree) -> bpy.types.NodeSocket:
    """The direction in which the brushing blurs reflections: object y, as the world-space vector Cycles expects."""
    node = tree.nodes.new("ShaderNodeVectorTransform")
    node.vector_type = "VECTOR"
    node.convert_from, node.convert_to = "OBJECT", "WORLD"
    node.inputs["Vector"].default_value = (0.0, 1.0, 0.0)
    return node.outputs["Vector"]
