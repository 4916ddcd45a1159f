"""Metals and reliefs as OSL scripts against the same as shader nodes: the same floats at the same points."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

import _cycles

from blender_addon.blemishes import kinds
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.metals.group import FLOATS, metal_group
from blender_addon.metals.milled import MilledMetalParams
from blender_addon.metals.osl_group import metal_osl_group
from blender_addon.metals.sandblasted import SandblastedMetalParams
from blender_addon.nodes.osl_script import OslUnavailableError, switch_osl_on
from blender_addon.nodes.osl_translation import osl_source
from blender_addon.nodes.shader_graph import Value, combine, constant, group_node, noise
from blender_addon.plate.features import feature_nodes
from blender_addon.plate.relief_scripts import PRODUCTS, relief_outputs, relief_scripts
from blender_addon.plate.surface import InspectedSurface
from tests.blender_addon.water_stain_pictures import add_camera, add_plate, emission_tree, empty_scene

pytestmark = [
    pytest.mark.blender,
    pytest.mark.skipif(not _cycles.with_osl, reason="this Blender has no OSL"),
]

METALS = (BrushedMetalParams(), MilledMetalParams(texture_offset=71.0), SandblastedMetalParams(texture_offset=3.25))
# What makes a float of about 1 of each: heights are micrometres.
SCALES = {"Slope": 10.0, "Roughness": 1.0, "Height": 1e5}


def render_outputs(group, scene, render_float) -> dict[str, np.ndarray]:
    """Render a metal group's floats on the plate."""
    tree, show = emission_tree(add_plate())
    add_camera("ORTHO")
    node = group_node(tree, group, "Metal")
    tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Object"], node.inputs["Position"])
    floats = [name for name in FLOATS if name in node.outputs]
    values = [Value(tree, node.outputs[name]) * SCALES[name] + 2.0 for name in floats]  # emission is never negative
    show(combine(tree, *(values + [0.0] * (3 - len(values)))))
    picture = render_float(scene)
    return {name: picture[..., channel] - 2.0 for channel, name in enumerate(floats)}


@pytest.mark.parametrize("metal", METALS, ids=lambda m: type(m).__name__)
def test_a_metals_script_computes_what_its_nodes_do(metal, render_float):
    scene = empty_scene(306, 256)
    nodes = render_outputs(metal_group(metal), scene, render_float)
    scene = empty_scene(306, 256)
    switch_osl_on(scene)
    script = metal_osl_group(metal)
    assert "SCRIPT" in {node.type for node in script.nodes}
    osl = render_outputs(script, scene, render_float)
    assert nodes.keys() == osl.keys()
    assert len(nodes) == 2
    for name, expected in nodes.items():
        assert expected.std() > 0.01
        apart = np.abs(osl[name] - expected)
        # A point's place in a groove is what float32 leaves of up to 900 grooves: 1e-4; at a groove's edge the last bit
        # decides whether the point is in it.
        assert np.median(apart) < 1e-6
        assert np.quantile(apart, 0.999) < 2e-4
        assert (apart > 1e-3).mean() < 1e-4


def test_what_has_no_translation_is_an_error(bpy):
    tree = bpy.data.node_groups.new("Odd", "ShaderNodeTree")
    tree.interface.new_socket("Height", in_out="OUTPUT", socket_type="NodeSocketFloat")
    out = tree.nodes.new("NodeGroupOutput")
    odd = constant(tree, 2.0).math("PINGPONG", 0.5)
    tree.links.new(odd.socket, out.inputs["Height"])
    with pytest.raises(ValueError, match="no OSL for the node 'Math'"):
        osl_source(tree, "odd", ("Height",))
    tree.links.new(noise(tree, combine(tree, odd, 0.0, 0.0), detail=1.5).socket, out.inputs["Height"])
    with pytest.raises(ValueError, match="only whole octaves"):
        osl_source(tree, "odd", ("Height",))


def test_whole_numbers_are_not_divided_as_whole_numbers(bpy):
    tree = bpy.data.node_groups.new("Half", "ShaderNodeTree")
    tree.interface.new_socket("Height", in_out="OUTPUT", socket_type="NodeSocketFloat")
    out = tree.nodes.new("NodeGroupOutput")
    tree.links.new((constant(tree, 1.0) / 2.0).socket, out.inputs["Height"])
    source = osl_source(tree, "half", ("Height",))
    assert "(1.000000000e+00) / (2.000000000e+00)" in source


def test_a_metal_in_a_scene_without_osl_is_an_error_not_an_empty_node(bpy):
    empty_scene(8, 8).render.engine = "BLENDER_WORKBENCH"
    with pytest.raises(OslUnavailableError, match="engine is BLENDER_WORKBENCH"):
        switch_osl_on(bpy.context.scene)


def relief_pieces(kind):
    """Two overlapping pieces of a kind, and one far away; each differs from the defaults."""
    turned = {"angle": 0.7} if "angle" in {field.name for field in dataclasses.fields(kind.params)} else {}
    places = ((0.004, 0.002), (-0.006, -0.001), (0.035, 0.03))
    return tuple(
        kind.params(centre_x=x, centre_y=y, **{name: value * number for name, value in turned.items()})
        for number, (x, y) in enumerate(places)
    )


def render_sum(tree, show, nodes, output, scene, render_float):
    """Render the output of several nodes, added or multiplied, in units of about 1."""
    parts = [Value(tree, node.outputs[output]) for node in nodes]
    value = parts[0]
    for part in parts[1:]:
        value = value * part if output in PRODUCTS else value + part
    value = value * (1e4 if output == "Height" else 1.0) + 4.0  # emission is never negative
    show(combine(tree, value, 0.0, 0.0))
    return render_float(scene)[..., 0]


@pytest.mark.parametrize("kind", [kind for kind, _ in kinds.reliefs()], ids=lambda kind: kind.name)
def test_a_script_of_reliefs_computes_what_their_nodes_do(kind, render_float):
    """All pieces of a kind in one script, with the pieces skipped that do not reach a point, against a group each."""
    relief, pieces = kind.shape, relief_pieces(kind)
    surface = InspectedSurface(BrushedMetalParams(), blemishes=pieces)
    scene = empty_scene(204, 170)
    part = add_plate()
    add_camera("ORTHO")
    outputs, expected, found = relief_outputs(relief), {}, {}
    for output in outputs:
        tree, show = emission_tree(part)
        position = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
        nodes = [node for _, _, node in feature_nodes(tree, position, surface)]
        assert len(nodes) == 3
        expected[output] = render_sum(tree, show, nodes, output, scene, render_float)
    switch_osl_on(scene)
    scripts = relief_scripts(surface)
    for output in outputs:
        tree, show = emission_tree(part)
        position = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]
        nodes = [node for _, _, node in feature_nodes(tree, position, surface, scripts)]
        assert len(nodes) == 1
        found[output] = render_sum(tree, show, nodes, output, scene, render_float)
    for output in outputs:
        assert expected[output].std() > 1e-3
        apart = np.abs(found[output] - expected[output])
        assert np.median(apart) < 1e-6
        assert (apart > 1e-4).mean() < 1e-3  # at an outline, the last bit decides
