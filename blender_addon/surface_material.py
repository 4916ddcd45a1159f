"""The plate's material: its metal, darkened by stains, greased by fingers, its normals bent by grooves and defects."""

import bpy

from .brushed_metal import brushed_metal_height
from .bump_normal import bump_normal
from .inspected_surface import InspectedSurface
from .shader_graph import Value, assign, combine, group_node
from .surface_features import feature_nodes
from .water_stain_nodes import set_water_stain_inputs, water_stain_group


def surface_material(surface: InspectedSurface) -> bpy.types.Material:
    """Build the material of one plate."""
    material = bpy.data.materials.new("Inspected Surface")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    position = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]

    height, roughness = brushed_metal_height(tree, position, surface.metal)
    reflectance: Value | float = surface.metal.base_reflectance
    if surface.water_stain is not None:
        stain = water_stain_node(tree, position, surface)
        reflectance = Value(tree, stain.outputs["Reflectance"]) + reflectance
    for _, _, node in feature_nodes(tree, position, surface):
        if "Height" in node.outputs:
            height = height + Value(tree, node.outputs["Height"])
        if "Roughness" in node.outputs:
            roughness = roughness + Value(tree, node.outputs["Roughness"])
            reflectance = Value(tree, node.outputs["Reflectance"]) + reflectance
    if isinstance(reflectance, Value):
        reflectance = reflectance.clamped()

    metal = tree.nodes.new("ShaderNodeBsdfPrincipled")
    metal.inputs["Metallic"].default_value = 1.0
    metal.inputs["Anisotropic"].default_value = surface.metal.anisotropy
    tree.links.new(combine(tree, reflectance, reflectance, reflectance), metal.inputs["Base Color"])
    assign(tree, metal.inputs["Roughness"], roughness.clamped())
    tree.links.new(bump_normal(tree, height), metal.inputs["Normal"])
    tree.links.new(_across_grooves(tree), metal.inputs["Tangent"])
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(metal.outputs["BSDF"], output.inputs["Surface"])
    return material


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
