"""The water stain as an OSL script in a group with the same sockets as the shader-node group."""

import dataclasses
from pathlib import Path

import bpy

from ..nodes.group_interface import find_group, new_group, socket_label
from ..nodes.object_position import GRAVITY
from ..nodes.osl_script import OslUnavailableError, script_node, switch_osl_on
from .group import OUTPUTS, gravity_socket
from .params import WaterStainParams

GROUP_NAME = "Stainless Water Stain (OSL)"
GROUP_VERSION = 5
SCRIPT = Path(__file__).with_name("water_stain.osl")


def water_stain_osl_group(scene: bpy.types.Scene, script: str | None = None) -> bpy.types.ShaderNodeTree:
    """Switch OSL on in `scene` and return the group with the OSL script.

    The sockets are those of `water_stain_group`, so `set_water_stain_inputs` works for both. `script` replaces the
    add-on's OSL source. Raises OslUnavailableError, also if the script does not compile.
    """
    switch_osl_on(scene)
    existing = find_group(GROUP_NAME, GROUP_VERSION) if script is None else None
    if existing:
        return existing
    tree, position, values, out = new_group(GROUP_NAME, GROUP_VERSION, WaterStainParams, OUTPUTS)
    gravity = gravity_socket(tree)
    labels = ["Position", *(socket_label(field.name) for field in dataclasses.fields(WaterStainParams)), GRAVITY]
    source = SCRIPT.read_text(encoding="utf-8") if script is None else script
    try:
        node = script_node(tree, "water_stain", source, labels, OUTPUTS)
    except OslUnavailableError:
        bpy.data.node_groups.remove(tree)
        raise
    node.width = 240
    node.location = (250, 0)
    out.location = (550, 0)
    tree.links.new(position, node.inputs["Position"])
    tree.links.new(gravity, node.inputs[GRAVITY])
    for name, value in values.items():
        tree.links.new(value.socket, node.inputs[socket_label(name)])
    for name in OUTPUTS:
        tree.links.new(node.outputs[name], out.inputs[name])
    return tree
