"""Neutral values of all later parameters give the first version's pictures, bit for bit.

`first_version.blend` and `first_version.osl` hold the group and the script of the version with 27 parameters.
"""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bpy")

import bpy

from blender_addon.nodes.group_interface import new_group, socket_label
from blender_addon.nodes.osl_script import script_node
from blender_addon.water_stain.group import GROUP_NAME, water_stain_group
from blender_addon.water_stain.params import WaterStainParams
from tests.blender_addon.water_stain.test_renderers import osl_group
from tests.blender_addon.water_stain_pictures import add_camera, add_plate, emission_tree, empty_scene, render_floats

pytestmark = pytest.mark.blender

FIRST = Path(__file__).with_name("first_version")
OUTPUTS = ("Reflectance", "Stain ID", "Normalised Distance")
STAINS = {
    "algorithm 1": WaterStainParams(),
    "all of the first version": WaterStainParams(
        seed_offset=123, radius=0.007, radius_variation=0.4, presence=0.9, intensity_variation=0.4, decay_variation=0.3,
        depth_jitter=1.0, rim_intensity=-0.2, ring_intensity=0.1, speckle_intensity=0.1, run_off=0.5,
    ),
}  # fmt: skip


def bits(part, group, params, folder):
    tree, show = emission_tree(part)
    node = tree.nodes.new("ShaderNodeGroup")
    node.node_tree = group
    later = [name for name in vars(params) if socket_label(name) not in node.inputs]
    for name, value in vars(params).items():
        if name not in later:
            node.inputs[socket_label(name)].default_value = value
    tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Object"], node.inputs["Position"])
    combine = tree.nodes.new("ShaderNodeCombineXYZ")
    for axis, name in zip("XYZ", OUTPUTS, strict=True):
        shifted = tree.nodes.new("ShaderNodeMath")  # emission is never negative
        shifted.inputs[1].default_value = 1.0
        tree.links.new(node.outputs[name], shifted.inputs[0])
        tree.links.new(shifted.outputs[0], combine.inputs[axis])
    show(combine.outputs["Vector"])
    return render_floats(folder)[..., :3].view(np.uint32), later


def first_nodes():
    with bpy.data.libraries.load(str(FIRST.with_suffix(".blend")), link=False) as (there, wanted):
        wanted.node_groups = [name for name in there.node_groups if name == GROUP_NAME]
    return wanted.node_groups[0]


def first_osl():
    """Build the first version's group: its script with the parameters that it knew."""
    tree, position, values, out = new_group("first", 1, WaterStainParams, OUTPUTS)
    node = script_node(tree, "first", FIRST.with_suffix(".osl").read_text(), ["Position"], OUTPUTS)
    tree.links.new(position, node.inputs["Position"])
    for socket in node.inputs:
        if socket.name != "Position":
            tree.links.new(values[socket.name.lower().replace(" ", "_")].socket, socket)
    for name in OUTPUTS:
        tree.links.new(node.outputs[name], out.inputs[name])
    return tree


@pytest.mark.parametrize("renderer", ["nodes", "osl"])
def test_the_first_versions_bits(renderer, tmp_path):
    scene = empty_scene(153, 128)
    part = add_plate()
    add_camera("PERSP", tilt=0.3)
    if renderer == "nodes":
        first = first_nodes()
        now = water_stain_group()
    else:
        now = osl_group(scene)
        first = first_osl()
    assert now != first
    for params in STAINS.values():
        before, later = bits(part, first, params, tmp_path)
        after, none = bits(part, now, params, tmp_path)
        if renderer == "nodes":
            assert len(later) >= 13
        assert none == []
        assert len(np.unique(before)) > 1000
        np.testing.assert_array_equal(before, after)
