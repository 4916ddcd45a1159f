"""Node groups whose inputs follow parameter definitions: one socket per field, with default, range and tooltip."""

import dataclasses

import bpy

from .shader_graph import Value

VERSION_KEY = "stainless_version"


def socket_label(field_name: str) -> str:
    """Return the label of a parameter's socket: 'rim_width' becomes 'Rim Width'."""
    return field_name.replace("_", " ").title()


def find_group(name: str, version: int) -> bpy.types.ShaderNodeTree | None:
    """Return the file's own group with this name and version, or None.

    The number that Blender appends to a duplicate name (".001") is ignored: an older or an appended group may already
    have the name.
    """
    for tree in bpy.data.node_groups:
        if tree.library is None and tree.get(VERSION_KEY) == version and base_name(tree.name) == name:
            return tree
    return None


def base_name(name: str) -> str:
    """Return a data-block's name without the number that Blender appends to duplicate names."""
    base, dot, number = name.rpartition(".")
    return base if dot and number.isdigit() else name


def new_group(
    name: str, version: int, params_class: type, outputs: tuple[str, ...]
) -> tuple[bpy.types.ShaderNodeTree, bpy.types.NodeSocket, dict[str, Value], bpy.types.NodeGroupOutput]:
    """Create a shader group with the input Position (metres, object space), an input per parameter and float outputs.

    Returns the tree, the position socket, a Value per field name and the group's output node.
    """
    tree = bpy.data.node_groups.new(name, "ShaderNodeTree")
    tree[VERSION_KEY] = version
    for output in outputs:
        tree.interface.new_socket(output, in_out="OUTPUT", socket_type="NodeSocketFloat")
    position = tree.interface.new_socket("Position", in_out="INPUT", socket_type="NodeSocketVector")
    position.description = "Surface point in object space, metres"
    for field in dataclasses.fields(params_class):
        socket = tree.interface.new_socket(socket_label(field.name), in_out="INPUT", socket_type="NodeSocketFloat")
        socket.default_value = field.default
        socket.min_value = field.metadata["low"]
        socket.max_value = field.metadata["high"]
        socket.description = f"{field.metadata['description']} [{field.metadata['unit']}]"
    group_input = tree.nodes.new("NodeGroupInput")
    group_output = tree.nodes.new("NodeGroupOutput")
    values = {
        field.name: Value(tree, group_input.outputs[socket_label(field.name)])
        for field in dataclasses.fields(params_class)
    }
    return tree, group_input.outputs["Position"], values, group_output


def set_group_inputs(node: bpy.types.ShaderNodeGroup, params: object) -> None:
    """Set a group node's inputs from a parameter object, by socket name."""
    for field in dataclasses.fields(params):  # type: ignore[arg-type]
        node.inputs[socket_label(field.name)].default_value = float(getattr(params, field.name))
