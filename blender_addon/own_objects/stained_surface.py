"""What stains do to any surface shader's colour, roughness and specular tint, as a group put before its inputs."""

import bpy

from ..nodes.group_interface import VERSION_KEY, find_group
from ..nodes.shader_graph import Value, assign, combine, node_socket, separate

GROUP_NAME = "Stainless Stained Surface"
GROUP_VERSION = 1
GAINS = {"Roughness Gain": "roughness_gain", "Tint Gain": "tint_gain"}  # sockets: fields of StainShadingParams
COLOURS = ("Base Color", "Color")  # what shaders call the colour of their surface


def stained_surface_group() -> bpy.types.ShaderNodeTree:
    """Return the group: Colour, Roughness, Specular Tint and the stain's Change in; the three, stained, out.

    The change of reflectance is added to each channel of the colour (algorithm 1) and cut to 0..1; roughness and tint
    follow `water_stain.shading`.
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
    change_socket.description = "Of the reflectance, as the water stain gives it"
    for gain in GAINS:
        tree.interface.new_socket(gain, in_out="INPUT", socket_type="NodeSocketFloat")
    entry = tree.nodes.new("NodeGroupInput").outputs
    out = tree.nodes.new("NodeGroupOutput").inputs
    change = Value(tree, entry["Change"])
    red, green, blue = (_changed(part, change) for part in separate(tree, entry["Colour"]))
    tree.links.new(combine(tree, red, green, blue), out["Colour"])
    scattered = Value(tree, entry["Roughness"]) - change * Value(tree, entry["Roughness Gain"])
    assign(tree, out["Roughness"], scattered.clamped())
    left = (change * Value(tree, entry["Tint Gain"]) + 1.0).clamped()
    red, green, blue = (part * left for part in separate(tree, entry["Specular Tint"]))
    tree.links.new(combine(tree, red, green, blue), out["Specular Tint"])
    return tree


def _changed(part: Value, change: Value) -> Value:
    """Add the change; where there is none, keep the colour as it is, beyond 1, too."""
    return part + ((part + change).clamped() - part) * abs(change).math("GREATER_THAN", 0.0)


def stainable_inputs(shader: bpy.types.ShaderNode) -> dict[str, bpy.types.NodeSocket]:
    """Return the shader's inputs that stains act on, by the group's socket name; empty where it has no colour."""
    found = {}
    names = {"Colour": COLOURS, "Roughness": ("Roughness",), "Specular Tint": ("Specular Tint",)}
    for name, candidates in names.items():
        try:
            found[name] = node_socket(shader.inputs, *candidates)
        except KeyError:
            continue
    if "Specular Tint" in found and found["Specular Tint"].type != "RGBA":
        del found["Specular Tint"]  # another Principled shader's factor of the same name
    return found if "Colour" in found else {}
