"""Materials of a sticker: coated paper with air bubbles below it, and marker ink."""

import bpy

from ..nodes.bump_normal import bump_normal
from ..nodes.shader_graph import combine, constant, hashed, separate
from .lobed_outline import own_frame
from .sticker import StickerParams

PLACES = 1.6  # distance between possible places of bubbles, in greatest diameters
INK_REFLECTANCE = 0.012
INK_ROUGHNESS = 0.3


def paper_material(params: StickerParams) -> bpy.types.Material:
    """Build diffuse paper under a coating; each cell of a grid may hold a bubble with its own place and size."""
    material = bpy.data.materials.new("Sticker Paper")
    tree, shader = _principled(material, params.reflectance, params.roughness)
    x, y, _ = separate(tree, tree.nodes.new("ShaderNodeTexCoord").outputs["Object"])
    places = {name: constant(tree, getattr(params, name)) for name in ("centre_x", "centre_y", "angle")}
    u, v = (part * (1 / (PLACES * params.bubble_size)) for part in own_frame(x, y, places))
    column, row = u.math("FLOOR"), v.math("FLOOR")
    key = combine(tree, column, row, float(params.number))
    place_u, place_v, presence = hashed(tree, key, params.edge_phase)
    size = hashed(tree, key, params.edge_phase + 17.0)[0]
    radius = (
        size * size * (0.4 / PLACES) + 0.1 / PLACES
    )  # in cells; diameters from a fifth of the greatest to the greatest
    room = 1.0 - radius * 2.0
    du = u - column - radius - place_u * room
    dv = v - row - radius - place_v * room
    fall = (1.0 - (du * du + dv * dv) / (radius * radius)).math("MAXIMUM", 0.0)
    there = 1.0 - presence.math("GREATER_THAN", params.bubble_presence)
    height = fall * fall * there * radius * (2.0 * PLACES * params.bubble_height)
    tree.links.new(bump_normal(tree, height), shader.inputs["Normal"])
    return material


def ink_material() -> bpy.types.Material:
    """Build the ink of a black marker."""
    material = bpy.data.materials.new("Sticker Ink")
    _principled(material, INK_REFLECTANCE, INK_ROUGHNESS)
    return material


def _principled(
    material: bpy.types.Material, reflectance: float, roughness: float
) -> tuple[bpy.types.NodeTree, bpy.types.ShaderNode]:
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    shader = tree.nodes.new("ShaderNodeBsdfPrincipled")
    shader.inputs["Base Color"].default_value = (reflectance, reflectance, reflectance, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    return tree, shader
