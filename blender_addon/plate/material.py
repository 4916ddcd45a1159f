"""The plate's material: the metal with stains and blemishes, and normals from grooves and heights."""

import bpy

from ..metals.finish import constant_direction
from ..metals.group import finish_of
from ..nodes.bump_normal import bump_normal, sloping_normal
from ..nodes.shader_graph import Value, assign, combine, group_node
from ..water_stain.group import set_water_stain_inputs
from ..water_stain.params import WaterStainParams
from ..water_stain.shading import stained_reflectance, stained_roughness, stained_tint
from .features import feature_nodes
from .groups import SurfaceGroups, node_groups
from .surface import InspectedSurface

SLOPES = {"Slope X": (1.0, 0.0, 0.0), "Slope Y": (0.0, 1.0, 0.0)}  # outputs of reliefs, and their directions


def surface_material(surface: InspectedSurface, groups: SurfaceGroups | None = None) -> bpy.types.Material:
    """Build the material of a plate or a part of it; `groups` are those of its surface (default: shader nodes)."""
    groups = groups or node_groups(surface)
    material = bpy.data.materials.new("Inspected Surface")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    position = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]

    finish = finish_of(tree, position, surface.metal, groups.metal)
    height, roughness = finish.height, finish.roughness
    reflectance: Value | float = finish.reflectance
    tint = None
    if surface.water_stain is not None and groups.stain is not None:
        stain = water_stain_node(tree, position, surface.water_stain, groups.stain)
        change = Value(tree, stain.outputs["Reflectance"])
        reflectance = stained_reflectance(finish.reflectance, change, surface.stain_shading)
        roughness = stained_roughness(roughness, change, Value(tree, stain.outputs["Crust"]), surface.stain_shading)
        tint = stained_tint(change, surface.stain_shading)
    slopes: list[tuple[Value, bpy.types.NodeSocket]] = []
    grooves = finish.slope
    for _, _, node in feature_nodes(tree, position, surface, groups.reliefs):
        given = {name: Value(tree, socket) for name, socket in node.outputs.items()}
        height = _sum(height, given.get("Height"))
        grooves = _product(grooves, given.get("Bare"))
        if "Roughness" in given:
            roughness = roughness + given["Roughness"]
        if "Reflectance" in given:
            reflectance = given["Reflectance"] + reflectance
        slopes += [(given[name], constant_direction(tree, axis)) for name, axis in SLOPES.items() if name in given]
    if grooves is not None:
        slopes.insert(0, (grooves, finish.across))
    if isinstance(reflectance, Value):
        reflectance = reflectance.clamped()

    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    shader.inputs["Metallic"].default_value = 1.0
    shader.inputs["Anisotropic"].default_value = finish.anisotropy
    tree.links.new(combine(tree, reflectance, reflectance, reflectance), shader.inputs["Base Color"])
    assign(tree, shader.inputs["Roughness"], roughness.clamped())
    if tint is not None:
        tree.links.new(combine(tree, tint, tint, tint), shader.inputs["Specular Tint"])
    normal = sloping_normal(tree, slopes) if slopes else None
    if height is not None:
        normal = bump_normal(tree, height, normal)
    if normal is not None:
        tree.links.new(normal, shader.inputs["Normal"])
    tree.links.new(finish.across, shader.inputs["Tangent"])
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return material


def _sum(first: Value | None, second: Value | None) -> Value | None:
    return second if first is None else first if second is None else first + second


def _product(whole: Value | None, part: Value | None) -> Value | None:
    return whole if whole is None or part is None else whole * part


def water_stain_node(
    tree: bpy.types.NodeTree,
    position: bpy.types.NodeSocket,
    stain: WaterStainParams,
    group: bpy.types.ShaderNodeTree,
) -> bpy.types.ShaderNodeGroup:
    """Add a water-stain node of `group`; link its position and set its parameters."""
    node = group_node(tree, group, "Water Stain")
    tree.links.new(position, node.inputs["Position"])
    set_water_stain_inputs(node, stain)
    return node
