"""A copy of an object with a plain material made of baked images, which every exporter and game engine understands."""

from collections.abc import Mapping
from pathlib import Path

import bpy

from ..pictures.render import exact_name
from .channels import COLOUR, METALLIC, ROUGHNESS, Channel

SUFFIX = " Baked"
INPUTS = {COLOUR: "Base Color", ROUGHNESS: "Roughness", METALLIC: "Metallic"}
COLUMN, ROW = 320.0, 300.0  # spacing of the material's nodes


def baked_copy(obj: bpy.types.Object, files: Mapping[Channel, Path], uv_map: str) -> bpy.types.Object:
    """Return a copy of the object beside it, with one material of the baked images on the map they were baked into."""
    copy = obj.copy()
    copy.data = obj.data.copy()
    copy.name = copy.data.name = f"{obj.name}{SUFFIX}"
    maps = copy.data.uv_layers
    for name in [each.name for each in maps if each.name != uv_map]:
        maps.remove(maps[name])
    copy.data.materials.clear()
    copy.data.materials.append(_material(copy.name, files, uv_map))
    copy.data.polygons.foreach_set("material_index", [0] * len(copy.data.polygons))
    for collection in obj.users_collection:
        collection.objects.link(copy)
    return copy


def _material(name: str, files: Mapping[Channel, Path], uv_map: str) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    places = tree.nodes.new("ShaderNodeUVMap")
    places.uv_map = uv_map
    places.location = (shader.location.x - 2 * COLUMN, shader.location.y)
    for row, (channel, entry) in enumerate(INPUTS.items()):
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.location = (shader.location.x - COLUMN, shader.location.y - row * ROW)
        texture.image = load(files[channel], channel)
        tree.links.new(places.outputs["UV"], texture.inputs["Vector"])
        tree.links.new(texture.outputs["Color"], shader.inputs[entry])
    return material


def load(path: Path, channel: Channel) -> bpy.types.Image:
    """Return the image of a baked file, read again if the file is already open."""
    image = bpy.data.images.load(exact_name(path), check_existing=True)
    image.reload()
    image.colorspace_settings.name = "sRGB" if channel.is_colour else "Non-Color"
    return image
