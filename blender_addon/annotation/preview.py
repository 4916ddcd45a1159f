"""The mask preview in the viewport: flat colours of the classes instead of the surface.

An inspection scene gets its annotation as a material override. An artist's material gets a node before its output,
which returns the surface when it is removed.
"""

import bpy

from ..blemishes.kinds import annotation_classes
from ..definitions.classes import IGNORE, WATER_STAIN
from ..nodes.group_interface import VERSION_KEY, find_group
from ..nodes.shader_graph import Value, combine, group_node, separate
from ..own_objects.stain_layer import LAYER_KEY, STAIN, bypass, layer_nodes

PREVIEW = "preview"
MATERIAL_NAME = "Stainless Mask Preview"
GROUP_NAME, GROUP_VERSION = "Stainless Mask Preview", 1
IGNORED_COLOUR = (128, 128, 128)


def is_previewed(scene: bpy.types.Scene) -> bool:
    """Return whether the scene shows its mask."""
    return any(_is_preview(layer.material_override) for layer in scene.view_layers)


def preview_scene(scene: bpy.types.Scene, annotation: bpy.types.Material | None) -> None:
    """Show the mask of an annotation material in all view layers of a scene, or the surface if it is None."""
    old = {layer.material_override for layer in scene.view_layers if _is_preview(layer.material_override)}
    material = _preview_material(annotation) if annotation else None
    for layer in scene.view_layers:
        if annotation or _is_preview(layer.material_override):
            layer.material_override = material
    bpy.data.batch_remove({override for override in old if override.users == 0})


def is_material_previewed(material: bpy.types.Material) -> bool:
    """Return whether a stained material shows its mask."""
    return bool(layer_nodes(material.node_tree, PREVIEW))


def preview_material(material: bpy.types.Material, on: bool) -> None:
    """Show the mask of a stained material, or its surface if `on` is false."""
    tree = material.node_tree
    for node in layer_nodes(tree, PREVIEW):
        bypass(tree, node)
        tree.nodes.remove(node)
    if not on:
        return
    stain = layer_nodes(tree, STAIN)[0]
    for output in [node for node in tree.nodes if node.bl_idname == "ShaderNodeOutputMaterial"]:
        surface = output.inputs["Surface"]
        node = group_node(tree, _preview_group(), "Mask Preview")
        node[LAYER_KEY] = PREVIEW
        node.location = (output.location.x - 60, output.location.y + 160)
        node.select = False
        if surface.is_linked:
            tree.links.new(surface.links[0].from_socket, node.inputs["Surface"])
        tree.links.new(stain.outputs["Mask"], node.inputs["Mask"])
        tree.links.new(node.outputs["Surface"], surface)


def _is_preview(material: bpy.types.Material | None) -> bool:
    return material is not None and material.get(LAYER_KEY) == PREVIEW


def _preview_material(annotation: bpy.types.Material) -> bpy.types.Material:
    """Return a copy of the annotation material with colours of the classes instead of their ids."""
    material = annotation.copy()
    material.name = MATERIAL_NAME
    material[LAYER_KEY] = PREVIEW
    tree = material.node_tree
    emission = next(node for node in tree.nodes if node.type == "EMISSION")
    class_id, _, _ = separate(tree, emission.inputs["Color"].links[0].from_socket)
    colours = {label.id: label.colour for label in annotation_classes()} | {IGNORE: IGNORED_COLOUR}
    parts: list[Value | float] = [0.0, 0.0, 0.0]
    for label, colour in colours.items():
        here = class_id.math("COMPARE", float(label), 0.5)
        parts = [part + here * _linear(channel) for part, channel in zip(parts, colour, strict=True)]
    tree.links.new(combine(tree, *parts), emission.inputs["Color"])
    return material


def _preview_group() -> bpy.types.ShaderNodeTree:
    """Return the group with the inputs Surface and Mask, and the stain's colour as the output Surface."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree = bpy.data.node_groups.new(GROUP_NAME, "ShaderNodeTree")
    tree[VERSION_KEY] = GROUP_VERSION
    tree.interface.new_socket("Surface", in_out="OUTPUT", socket_type="NodeSocketShader")
    tree.interface.new_socket("Surface", in_out="INPUT", socket_type="NodeSocketShader")
    tree.interface.new_socket("Mask", in_out="INPUT", socket_type="NodeSocketFloat")
    emission = tree.nodes.new("ShaderNodeEmission")
    emission.inputs["Color"].default_value = (*(_linear(channel) for channel in WATER_STAIN.colour), 1.0)
    tree.links.new(tree.nodes.new("NodeGroupInput").outputs["Mask"], emission.inputs["Strength"])
    tree.links.new(emission.outputs["Emission"], tree.nodes.new("NodeGroupOutput").inputs["Surface"])
    return tree


def _linear(channel: int) -> float:
    """Return an sRGB channel, 0..255, as linear light (IEC 61966-2-1)."""
    encoded = channel / 255
    return encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4
