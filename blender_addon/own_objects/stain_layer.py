"""Water stains on an artist's material: a layer of nodes before the inputs of its surface, which can be removed.

The artist's nodes are not changed. A node of the layer takes over the link or the number of an input and returns it on
removal, including changes that the artist has made since.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import bpy

from ..nodes.group_interface import set_group_inputs, socket_label
from ..nodes.object_position import GRAVITY, UNIT, object_position_group
from ..nodes.object_seed import SEED, VARY, object_seed_group
from ..nodes.shader_graph import group_node
from ..water_stain.group import water_stain_group
from ..water_stain.params import WaterStainParams
from ..water_stain.shading import StainShadingParams
from .picked_centres import CENTRES, FLOW, MOST, NEAREST, NUMBER, picked_centres_group
from .stained_surface import GAINS, stainable_inputs, stained_surface_group

LAYER_KEY = "stainless_layer"  # on every node of the layer; the value is its part
POSITION, STAIN, SURFACE, FRAME, OBJECT_SEED, PICKED = "position", "stain", "surface", "frame", "seed", "picked"
NO_REFLECTION = {
    "EMISSION",
    "HOLDOUT",
    "BSDF_TRANSPARENT",
    "EEVEE_SPECULAR",
}  # node types whose colour is not a reflectance
BELOW, COLUMN = 320.0, 260.0  # spacing of the layer's nodes below the artist's

Centre: TypeAlias = tuple[float, float, float]  # metres, in the object's frame


def layer_nodes(tree: bpy.types.NodeTree | None, part: str) -> list[bpy.types.Node]:
    """Return the nodes of one part of the layer."""
    return [node for node in tree.nodes if node.get(LAYER_KEY) == part] if tree else []


def is_stained(material: bpy.types.Material) -> bool:
    """Return whether the material has a layer of stains."""
    return bool(layer_nodes(material.node_tree, STAIN))


def add_layer(material: bpy.types.Material) -> None:
    """Add the layer before the colour, roughness and tint of every shader of the material's surface.

    `update_layer` sets its parameters. Raises ValueError with a message if the surface has no such shader.
    """
    tree = material.node_tree
    shaders = surface_shaders(tree)
    if not shaders:
        raise ValueError(
            f"material {material.name!r} has no surface shader with a colour to stain (is it a group without a "
            "colour input, or light only?)"
        )
    active = tree.nodes.active
    selected = [node for node in tree.nodes if node.select]
    x = min(node.location.x for node in tree.nodes)
    y = min(node.location.y for node in tree.nodes) - BELOW
    frame = tree.nodes.new("NodeFrame")
    frame.label = "Water stains (Stainless)"
    frame[LAYER_KEY] = FRAME
    position = _place(group_node(tree, object_position_group(), "Object Position"), POSITION, frame, x, y)
    stain = _place(group_node(tree, water_stain_group(), "Water Stain"), STAIN, frame, x + COLUMN, y)
    tree.links.new(position.outputs["Position"], stain.inputs["Position"])
    tree.links.new(position.outputs[GRAVITY], stain.inputs[GRAVITY])
    for row, shader in enumerate(shaders):
        surface = group_node(tree, stained_surface_group(), "Stained Surface")
        _place(surface, SURFACE, frame, x + 2 * COLUMN, y - row * BELOW)
        tree.links.new(stain.outputs["Reflectance"], surface.inputs["Change"])
        tree.links.new(stain.outputs["Crust"], surface.inputs["Crust"])
        for name, target in stainable_inputs(shader).items():
            if target.is_linked:
                tree.links.new(target.links[0].from_socket, surface.inputs[name])
            else:
                surface.inputs[name].default_value = target.default_value
            tree.links.new(surface.outputs[name], target)
    for node in tree.nodes:
        node.select = node in selected
    tree.nodes.active = active


def remove_layer(material: bpy.types.Material) -> None:
    """Return links and numbers to the inputs and remove the layer's nodes."""
    tree = material.node_tree
    for node in layer_nodes(tree, SURFACE):
        bypass(tree, node)
    for part in (POSITION, STAIN, SURFACE, FRAME, OBJECT_SEED, PICKED):
        for node in layer_nodes(tree, part):
            tree.nodes.remove(node)


def update_layer(
    material: bpy.types.Material,
    stain: WaterStainParams,
    shading: StainShadingParams,
    metres_per_unit: float,
    differ: bool = False,
    further: Sequence[Centre] = (),
) -> None:
    """Set the layer's parameters and the length of a scene unit.

    If `differ` is set, every object that shows the material adds a number of its own to the seed. `further` are the
    centres of picked stains beside the explicit centre; they count if that does.
    """
    _set_picked(material.node_tree, stain, further if stain.explicit_centre else ())
    if differ:
        _add_object_seed(material.node_tree)
    for node in layer_nodes(material.node_tree, OBJECT_SEED):
        node.inputs[SEED].default_value = float(stain.seed_offset)
        node.inputs[VARY].default_value = float(differ)
    for node in layer_nodes(material.node_tree, POSITION):
        node.inputs[UNIT].default_value = metres_per_unit
    for node in layer_nodes(material.node_tree, STAIN):
        set_group_inputs(node, stain)
    for node in layer_nodes(material.node_tree, SURFACE):
        for socket, field in GAINS.items():
            node.inputs[socket].default_value = getattr(shading, field)


def stain_number(tree: bpy.types.NodeTree) -> bpy.types.NodeSocket:
    """Return the output with the number of the stain at a point inside one; it is arbitrary outside."""
    for node in layer_nodes(tree, PICKED):
        return node.outputs[NUMBER]
    return layer_nodes(tree, STAIN)[0].outputs["Stain ID"]


def _add_object_seed(tree: bpy.types.NodeTree) -> None:
    """Add the part of the layer that gives every object a seed of its own, unless the layer has it."""
    if layer_nodes(tree, OBJECT_SEED):
        return
    for stain in layer_nodes(tree, STAIN):
        node = _add_before(tree, stain, object_seed_group(), OBJECT_SEED, "Object Seed", BELOW / 2)
        tree.links.new(node.outputs[SEED], stain.inputs[SEED])


def _set_picked(tree: bpy.types.NodeTree, stain: WaterStainParams, further: Sequence[Centre]) -> None:
    """Add, set or remove the part of the layer that leads to the nearest of several picked centres."""
    if not further:
        for node in layer_nodes(tree, PICKED):
            tree.nodes.remove(node)
        return
    if not layer_nodes(tree, PICKED):
        _add_picked(tree)
    first = (stain.centre_x, stain.centre_y, stain.centre_z)
    given = [first, *further][:MOST]
    for node in layer_nodes(tree, PICKED):
        for name in FLOW:
            node.inputs[socket_label(name)].default_value = float(getattr(stain, name))
        for name, centre in zip(CENTRES, given + [first] * (MOST - len(given)), strict=True):
            node.inputs[name].default_value = centre


def _add_picked(tree: bpy.types.NodeTree) -> None:
    for position, stain in zip(layer_nodes(tree, POSITION), layer_nodes(tree, STAIN), strict=True):
        node = _add_before(tree, stain, picked_centres_group(), PICKED, "Picked Centres", BELOW)
        for name in ("Position", GRAVITY):
            tree.links.new(position.outputs[name], node.inputs[name])
        for name in NEAREST:
            tree.links.new(node.outputs[name], stain.inputs[name])


def _add_before(
    tree: bpy.types.NodeTree,
    stain: bpy.types.Node,
    group: bpy.types.NodeTree,
    part: str,
    label: str,
    below: float,
) -> bpy.types.Node:
    """Add a node left of the stain's; selection and active node stay."""
    active, (x, y) = tree.nodes.active, stain.location
    node = _place(group_node(tree, group, label), part, stain.parent, x - COLUMN, y - below)
    node.select = False
    tree.nodes.active = active
    return node


def bypass(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Connect the source of each input to the targets of the output with the same name; copy the number if unlinked."""
    for output in node.outputs:
        entry = node.inputs[output.name]
        for target in [link.to_socket for link in output.links]:
            if entry.is_linked:
                tree.links.new(entry.links[0].from_socket, target)
            else:
                tree.links.remove(target.links[0])
                if hasattr(entry, "default_value"):
                    target.default_value = entry.default_value


def surface_shaders(tree: bpy.types.NodeTree) -> list[bpy.types.ShaderNode]:
    """Return the shaders with a colour behind the Surface of all material outputs, each once."""
    found: dict[str, bpy.types.ShaderNode] = {}
    seen: set[str] = set()
    for output in tree.nodes:
        if output.bl_idname == "ShaderNodeOutputMaterial":
            for shader in _shaders_behind(output.inputs["Surface"], seen):
                found[shader.name] = shader
    return list(found.values())


def _shaders_behind(socket: bpy.types.NodeSocket, seen: set[str]) -> Iterator[bpy.types.ShaderNode]:
    for link in socket.links:
        node = link.from_node
        if node.name in seen:
            continue
        seen.add(node.name)
        if node.type not in NO_REFLECTION and link.from_socket.type == "SHADER" and stainable_inputs(node):
            yield node
        for entry in node.inputs:
            if entry.type == "SHADER" or node.type == "REROUTE":
                yield from _shaders_behind(entry, seen)


def _place(node: bpy.types.Node, part: str, frame: bpy.types.Node, x: float, y: float) -> bpy.types.Node:
    node[LAYER_KEY] = part
    node.parent = frame
    node.location = (x, y)
    return node
