"""The plate's material: its metal, darkened by stains, greased by fingers, its normals bent by grooves and defects."""

import bpy

from .brushed_metal import BrushedMetalParams, brushed_metal
from .bump_normal import bump_normal, sloping_normal
from .inspected_surface import InspectedSurface, MetalParams
from .metal_finish import Finish
from .milled_metal import MilledMetalParams, milled_metal
from .sandblasted_metal import SandblastedMetalParams, sandblasted_metal
from .shader_graph import Value, assign, combine, group_node
from .stain_shading import stained_roughness, stained_tint
from .surface_features import feature_nodes
from .water_stain_nodes import set_water_stain_inputs, water_stain_group


def surface_material(surface: InspectedSurface) -> bpy.types.Material:
    """Build the material of one plate."""
    material = bpy.data.materials.new("Inspected Surface")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    position = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]

    finish = _finish(tree, position, surface.metal)
    height, roughness = finish.height, finish.roughness
    reflectance: Value | float = finish.reflectance
    tint = None
    if surface.water_stain is not None:
        change = Value(tree, water_stain_node(tree, position, surface).outputs["Reflectance"])
        reflectance = change + reflectance
        roughness = stained_roughness(roughness, change, surface.stain_shading)
        tint = stained_tint(change, surface.stain_shading)
    for _, _, node in feature_nodes(tree, position, surface):
        if "Height" in node.outputs:
            rise = Value(tree, node.outputs["Height"])
            height = rise if height is None else height + rise
        if "Roughness" in node.outputs:
            roughness = roughness + Value(tree, node.outputs["Roughness"])
            reflectance = Value(tree, node.outputs["Reflectance"]) + reflectance
    if isinstance(reflectance, Value):
        reflectance = reflectance.clamped()

    metal = tree.nodes.new("ShaderNodeBsdfPrincipled")
    metal.inputs["Metallic"].default_value = 1.0
    metal.inputs["Anisotropic"].default_value = finish.anisotropy
    tree.links.new(combine(tree, reflectance, reflectance, reflectance), metal.inputs["Base Color"])
    assign(tree, metal.inputs["Roughness"], roughness.clamped())
    if tint is not None:
        tree.links.new(combine(tree, tint, tint, tint), metal.inputs["Specular Tint"])
    normal = None if finish.slope is None else sloping_normal(tree, finish.slope, finish.across)
    if height is not None:
        normal = bump_normal(tree, height, normal)
    if normal is not None:
        tree.links.new(normal, metal.inputs["Normal"])
    tree.links.new(finish.across, metal.inputs["Tangent"])
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(metal.outputs["BSDF"], output.inputs["Surface"])
    return material


def _finish(tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, metal: MetalParams) -> Finish:
    if isinstance(metal, BrushedMetalParams):
        return brushed_metal(tree, position, metal)
    if isinstance(metal, MilledMetalParams):
        return milled_metal(tree, position, metal)
    assert isinstance(metal, SandblastedMetalParams)  # there are three
    return sandblasted_metal(tree, position, metal)


def water_stain_node(
    tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, surface: InspectedSurface
) -> bpy.types.ShaderNodeGroup:
    """Add the group node of the surface's water stains."""
    node = group_node(tree, water_stain_group(), "Water Stain")
    tree.links.new(position, node.inputs["Position"])
    set_water_stain_inputs(node, surface.water_stain)
    return node
