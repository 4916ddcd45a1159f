"""The effect of stains on a surface shader's colour, roughness and specular tint, as a group before its inputs."""

import bpy

from ..nodes.group_interface import VERSION_KEY, find_group
from ..nodes.shader_graph import Value, assign, combine, node_socket, separate

GROUP_NAME = "Stainless Stained Surface"
GROUP_VERSION = 2
GAINS = {  # sockets: fields of StainShadingParams
    "Roughness Gain": "roughness_gain",
    "Tint Gain": "tint_gain",
    "Crust Roughness": "crust_roughness",
    "Multiplied": "multiplied",
}
COLOURS = ("Base Color", "Color")  # the names of a shader's surface colour


def stained_surface_group() -> bpy.types.ShaderNodeTree:
    """Return the group: inputs Colour, Roughness, Specular Tint, Change and Crust; the first three are outputs.

    The change of reflectance is added to each channel of the colour (algorithm 1), or multiplied by the channel before
    that if Multiplied is 1, and clamped to 0..1. Roughness and tint follow `water_stain.shading`.
    """
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree = bpy.data.node_groups.new(GROUP_NAME, "ShaderNodeTree")
    tree[VERSION_KEY] = GROUP_VERSION
    for name, kind in (("Colour", "Color"), ("Roughness", "Float"), ("Specular Tint", "Color")):
        for side in ("OUTPUT", "INPUT"):
            tree.interface.new_socket(name, in_out=side, socket_type=f"NodeSocket{kind}")
    change_socket = tree.interface.new_socket("Change", in_out="INPUT", socket_type="NodeSocketFloat")
    change_socket.description = "Change of the reflectance, the output of the water stain"
    crust_socket = tree.interface.new_socket("Crust", in_out="INPUT", socket_type="NodeSocketFloat")
    crust_socket.description = "Mineral crust, 0 to 1, the output of the water stain"
    for gain in GAINS:
        tree.interface.new_socket(gain, in_out="INPUT", socket_type="NodeSocketFloat")
    entry = tree.nodes.new("NodeGroupInput").outputs
    out = tree.nodes.new("NodeGroupOutput").inputs
    change, multiplied = Value(tree, entry["Change"]), Value(tree, entry["Multiplied"])
    red, green, blue = (_changed(part, change, multiplied) for part in separate(tree, entry["Colour"]))
    tree.links.new(combine(tree, red, green, blue), out["Colour"])
    scattered = Value(tree, entry["Roughness"]) - change * Value(tree, entry["Roughness Gain"])
    scattered = scattered + Value(tree, entry["Crust"]) * Value(tree, entry["Crust Roughness"])
    assign(tree, out["Roughness"], scattered.clamped())
    remaining = (change * Value(tree, entry["Tint Gain"]) + 1.0).clamped()
    red, green, blue = (part * remaining for part in separate(tree, entry["Specular Tint"]))
    tree.links.new(combine(tree, red, green, blue), out["Specular Tint"])
    return tree


def _changed(part: Value, change: Value, multiplied: Value) -> Value:
    """Return the colour channel with the change and clamped; unchanged, even above 1, if the change is 0."""
    added = change * (1.0 - multiplied) + change * part * multiplied
    return part + ((part + added).clamped() - part) * abs(change).math("GREATER_THAN", 0.0)


def stainable_inputs(shader: bpy.types.ShaderNode) -> dict[str, bpy.types.NodeSocket]:
    """Return the shader's inputs that stains change, by the group's socket name; empty if it has no colour."""
    found = {}
    names = {"Colour": COLOURS, "Roughness": ("Roughness",), "Specular Tint": ("Specular Tint",)}
    for name, candidates in names.items():
        try:
            found[name] = node_socket(shader.inputs, *candidates)
        except KeyError:
            continue
    if "Specular Tint" in found and found["Specular Tint"].type != "RGBA":
        del found["Specular Tint"]  # a factor with the same name in older Principled shaders
    return found if "Colour" in found else {}
