"""Materials that emit one quantity of a stained surface, so that a bake of the emission writes it into an image.

Blender's bake of colours returns nothing on metal, whose colour belongs to the reflection. An emission is baked as it
is, on every surface.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import bpy

from ..nodes.shader_graph import Value, combine
from ..own_objects.stain_layer import STAIN, layer_nodes, surface_shaders
from ..own_objects.stained_surface import stainable_inputs

METAL_SHADERS = {"BSDF_GLOSSY", "BSDF_ANISOTROPIC", "BSDF_METALLIC"}  # metal without an input that says so
PLAIN_ROUGHNESS = 0.5  # of a material without nodes or a shader without this input
Tree: TypeAlias = bpy.types.NodeTree
Source: TypeAlias = "bpy.types.NodeSocket | tuple[float, float, float]"  # a linked quantity, or a colour


@dataclass(frozen=True)
class Channel:
    """A quantity to bake: its name in file names, and its value at a shader of the surface."""

    name: str
    of_shader: Callable[[bpy.types.ShaderNode], Source]
    of_plain: Callable[[bpy.types.Material], tuple[float, float, float]]
    exact: bool = False  # 0 or 1: one sample through the middle of each texel
    is_colour: bool = False


def colour_of(shader: bpy.types.ShaderNode) -> Source:
    """Return the colour of a shader of the surface."""
    return _source(stainable_inputs(shader)["Colour"])


def roughness_of(shader: bpy.types.ShaderNode) -> Source:
    """Return the roughness of a shader of the surface."""
    found = stainable_inputs(shader).get("Roughness")
    return _source(found) if found else _grey(PLAIN_ROUGHNESS)


def metallic_of(shader: bpy.types.ShaderNode) -> Source:
    """Return how metallic a shader of the surface is."""
    found = shader.inputs.get("Metallic")
    return _source(found) if found else _grey(float(shader.type in METAL_SHADERS))


MASK = Channel("mask", lambda _shader: _grey(0.0), lambda _material: _grey(0.0), exact=True)
COLOUR = Channel("colour", colour_of, lambda material: tuple(material.diffuse_color[:3]), is_colour=True)
ROUGHNESS = Channel("roughness", roughness_of, lambda material: _grey(material.roughness))
METALLIC = Channel("metallic", metallic_of, lambda material: _grey(material.metallic))
CHANNELS = (MASK, COLOUR, ROUGHNESS, METALLIC)


def emitting(material: bpy.types.Material | None, channel: Channel, image: bpy.types.Image) -> bpy.types.Material:
    """Return a new material that emits the channel and has the image as the target of a bake."""
    if material is None or material.node_tree is None:
        copy = bpy.data.materials.new("Bake")
        if copy.node_tree is None:
            copy.use_nodes = True
        copy.node_tree.nodes.clear()
        copy.node_tree.nodes.new("ShaderNodeOutputMaterial")
        _replace_outputs(copy.node_tree, channel.of_plain(material) if material else _grey(0.0))
    else:
        copy = material.copy()
        if channel is MASK:
            _emit_mask(copy.node_tree)
        else:
            _emit_at_shaders(copy.node_tree, channel)
    target = copy.node_tree.nodes.new("ShaderNodeTexImage")
    target.image = image
    for node in copy.node_tree.nodes:
        node.select = node == target
    copy.node_tree.nodes.active = target
    return copy


def _emit_mask(tree: Tree) -> None:
    for stain in layer_nodes(tree, STAIN)[:1]:
        _replace_outputs(tree, stain.outputs["Mask"])
        return
    _replace_outputs(tree, _grey(0.0))


def _emit_at_shaders(tree: Tree, channel: Channel) -> None:
    """Replace every shader of the surface by an emission of the channel; mixed shaders then mix the channel.

    Lights and holdouts emit nothing of it.
    """
    for shader in surface_shaders(tree):
        emission = _emission(tree, channel.of_shader(shader))
        for output in shader.outputs:
            for link in [link for link in output.links if link.to_socket.type == "SHADER"]:
                tree.links.new(emission.outputs["Emission"], link.to_socket)
        emission["stainless_bake"] = True
    for node in [node for node in tree.nodes if node.type in {"EMISSION", "HOLDOUT"} and "stainless_bake" not in node]:
        tree.nodes.remove(node)


def _replace_outputs(tree: Tree, source: Source) -> None:
    emission = _emission(tree, source)
    for output in [node for node in tree.nodes if node.bl_idname == "ShaderNodeOutputMaterial"]:
        tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])


def _emission(tree: Tree, source: Source) -> bpy.types.ShaderNode:
    emission = tree.nodes.new("ShaderNodeEmission")
    emission.inputs["Strength"].default_value = 1.0
    if isinstance(source, tuple):
        emission.inputs["Color"].default_value = (*source, 1.0)
    elif source.type == "VALUE":
        grey = Value(tree, source)
        tree.links.new(combine(tree, grey, grey, grey), emission.inputs["Color"])
    else:
        tree.links.new(source, emission.inputs["Color"])
    return emission


def _source(socket: bpy.types.NodeSocket) -> Source:
    if socket.is_linked:
        linked: bpy.types.NodeSocket = socket.links[0].from_socket
        return linked
    if socket.type == "RGBA":
        red, green, blue = socket.default_value[:3]
        return (red, green, blue)
    return _grey(socket.default_value)


def _grey(value: float) -> tuple[float, float, float]:
    return (value, value, value)
