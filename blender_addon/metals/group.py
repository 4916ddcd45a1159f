"""The table of metal finishes, and a bare metal as a node group that all materials of a plate share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..nodes.shader_graph import Value, group_node
from .brushed import BrushedMetalParams, brushed_metal, draw_brushed_metal_params
from .finish import Finish
from .milled import MilledMetalParams, draw_milled_metal_params, milled_metal
from .sandblasted import SandblastedMetalParams, draw_sandblasted_metal_params, sandblasted_metal

MetalParams = BrushedMetalParams | MilledMetalParams | SandblastedMetalParams
FLOATS = {"Slope": "slope", "Height": "height", "Roughness": "roughness"}  # a group's outputs: fields of Finish


@dataclass(frozen=True)
class FinishKind:
    """A row of the table of finishes; `required` tells whether a job must contain its parameters."""

    params: type
    draw: Callable[[np.random.Generator, Mapping[str, Any]], MetalParams]
    build: Callable[[bpy.types.NodeTree, bpy.types.NodeSocket, Any], Finish]
    required: bool = False


BRUSHED = "brushed"  # the default finish
FINISHES: dict[str, FinishKind] = {  # by the name that jobs use
    BRUSHED: FinishKind(BrushedMetalParams, draw_brushed_metal_params, brushed_metal, required=True),
    "milled": FinishKind(MilledMetalParams, draw_milled_metal_params, milled_metal),
    "sandblasted": FinishKind(SandblastedMetalParams, draw_sandblasted_metal_params, sandblasted_metal),
}


def metal_key(finish: str) -> str:
    """Return the key of a finish's parameters in jobs and settings, such as "brushed_metal"."""
    return f"{finish}_metal"


def metal_group(metal: MetalParams) -> bpy.types.ShaderNodeTree:
    """Build the group: input Position; outputs Across and those of FLOATS that the metal has."""
    tree = bpy.data.node_groups.new("Stainless Metal", "ShaderNodeTree")
    tree.interface.new_socket("Position", in_out="INPUT", socket_type="NodeSocketVector")
    position = tree.nodes.new("NodeGroupInput").outputs["Position"]
    (build,) = (kind.build for kind in FINISHES.values() if kind.params is type(metal))
    finish = build(tree, position, metal)
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
    """Add a node of a metal's group to a material's tree; return its outputs."""
    node = group_node(tree, group, "Metal")
    tree.links.new(position, node.inputs["Position"])
    floats = {field: Value(tree, node.outputs[name]) for name, field in FLOATS.items() if name in node.outputs}
    return Finish(
        slope=floats.get("slope"),
        height=floats.get("height"),
        roughness=floats["roughness"],
        reflectance=metal.base_reflectance,
        anisotropy=metal.anisotropy,
        across=node.outputs["Across"],
    )
