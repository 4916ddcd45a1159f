"""A bare metal as a node group, built once for all the materials of a plate."""

import bpy

from ..nodes.shader_graph import Value, group_node
from ..plate.surface import MetalParams
from .brushed import BrushedMetalParams, brushed_metal
from .finish import Finish
from .milled import MilledMetalParams, milled_metal
from .sandblasted import SandblastedMetalParams, sandblasted_metal

FLOATS = {"Slope": "slope", "Height": "height", "Roughness": "roughness"}  # a group's outputs: fields of Finish


def metal_group(metal: MetalParams) -> bpy.types.ShaderNodeTree:
    """Build the group: Position in, what the metal has of Finish out."""
    tree = bpy.data.node_groups.new("Stainless Metal", "ShaderNodeTree")
    tree.interface.new_socket("Position", in_out="INPUT", socket_type="NodeSocketVector")
    finish = _finish(tree, tree.nodes.new("NodeGroupInput").outputs["Position"], metal)
    sockets = {"Across": finish.across}
    sockets |= {name: getattr(finish, field).socket for name, field in FLOATS.items() if getattr(finish, field)}
    for name in sockets:
        kind = "NodeSocketFloat" if name in FLOATS else "NodeSocketVector"
        tree.interface.new_socket(name, in_out="OUTPUT", socket_type=kind)
    out = tree.nodes.new("NodeGroupOutput")
    for name, socket in sockets.items():
        tree.links.new(socket, out.inputs[name])
    return tree


def finish_of(
    tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, metal: MetalParams, group: bpy.types.ShaderNodeTree
) -> Finish:
    """Add a metal group's node to a material's tree; return its outputs."""
    node = group_node(tree, group, "Metal")
    tree.links.new(position, node.inputs["Position"])
    floats = {
        field: Value(tree, node.outputs[name]) if name in node.outputs else None for name, field in FLOATS.items()
    }
    return Finish(
        **floats,
        reflectance=metal.base_reflectance,
        anisotropy=metal.anisotropy,
        across=node.outputs["Across"],
    )


def _finish(tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, metal: MetalParams) -> Finish:
    if isinstance(metal, BrushedMetalParams):
        return brushed_metal(tree, position, metal)
    if isinstance(metal, MilledMetalParams):
        return milled_metal(tree, position, metal)
    assert isinstance(metal, SandblastedMetalParams)  # there are three
    return sandblasted_metal(tree, position, metal)
