"""A bare metal with its formulas in one OSL script, for scenes with OSL shading."""

import bpy

from ..nodes.osl_script import script_node
from ..nodes.osl_translation import osl_source
from .group import FLOATS, MetalParams, metal_group


def metal_osl_group(metal: MetalParams) -> bpy.types.ShaderNodeTree:
    """Build `metal_group` with its float outputs computed by one script; directions remain nodes.

    `switch_osl_on` must have been called for the scene. Raises OslUnavailableError.
    """
    tree = metal_group(metal)
    (given,) = (node for node in tree.nodes if node.type == "GROUP_INPUT")
    (out,) = (node for node in tree.nodes if node.type == "GROUP_OUTPUT")
    floats = tuple(socket.name for socket in out.inputs if socket.name in FLOATS)
    script = script_node(tree, "stainless_metal", osl_source(tree, "stainless_metal", floats), ("Position",), floats)
    tree.links.new(given.outputs["Position"], script.inputs["Position"])
    for name in floats:
        tree.links.new(script.outputs[name], out.inputs[name])
    return tree
