"""Stains on an artist's own materials: put on, taken off without a trace, of true size everywhere."""

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.own_objects.stain_layer import STAIN, is_stained, layer_nodes
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from tests.blender_addon.own_objects.material_state import material_state

pytestmark = pytest.mark.blender


def plane(bpy, name="Plane", size=0.1, material=None):
    """A square without UVs, selected and active."""
    mesh = bpy.data.meshes.new(name)
    half = size / 2
    mesh.from_pydata([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)], [], [(0, 1, 2, 3)])
    if material:
        mesh.materials.append(material)
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    obj.select_set(True)
    bpy.context.view_layer.objects.active = obj
    return obj


def node_material(bpy, name):
    material = bpy.data.materials.new(name)
    if not material.node_tree:
        material.use_nodes = True
    return material


def textured(bpy):
    """Colour from a texture, roughness by hand."""
    material = node_material(bpy, "textured")
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = 0.3137
    image = tree.nodes.new("ShaderNodeTexNoise")
    tree.links.new(image.outputs["Color"], shader.inputs["Base Color"])
    tree.nodes.active = image
    return material


def mixed(bpy):
    """Two shaders, one behind a reroute and a mix, and an emission that stays clean."""
    material = node_material(bpy, "mixed")
    tree = material.node_tree
    output = tree.nodes["Material Output"]
    glossy, light = tree.nodes.new("ShaderNodeBsdfGlossy"), tree.nodes.new("ShaderNodeEmission")
    glossy.inputs["Color"].default_value = (0.1, 0.2, 0.3, 1.0)
    mix, add, reroute = (tree.nodes.new(f"ShaderNode{k}") for k in ("MixShader", "AddShader", "Emission"))
    tree.nodes.remove(reroute)
    reroute = tree.nodes.new("NodeReroute")
    tree.links.new(tree.nodes["Principled BSDF"].outputs["BSDF"], mix.inputs[1])
    tree.links.new(glossy.outputs["BSDF"], reroute.inputs[0])
    tree.links.new(reroute.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], add.inputs[0])
    tree.links.new(light.outputs[0], add.inputs[1])
    tree.links.new(add.outputs[0], output.inputs["Surface"])
    return material


@pytest.mark.parametrize("make", [textured, mixed, lambda bpy: node_material(bpy, "plain")])
def test_stains_are_put_on_and_taken_off_without_a_trace(addon, make):
    material = make(addon)
    plane(addon, material=material)
    before, groups = material_state(material), len(addon.data.node_groups)
    assert addon.ops.stainless.add_stains() == {"FINISHED"}
    assert is_stained(material)
    assert material_state(material) != before
    assert addon.ops.stainless.add_stains() == {"FINISHED"}  # a second time changes nothing
    assert len(layer_nodes(material.node_tree, STAIN)) == 1
    assert addon.ops.stainless.preview_mask() == {"FINISHED"}  # also from within the preview
    assert addon.ops.stainless.remove_stains() == {"FINISHED"}
    assert material_state(material) == before
    assert not is_stained(material)
    assert groups == 0


def test_both_shaders_of_a_mix_are_stained_and_the_light_is_not(addon):
    material = mixed(addon)
    plane(addon, material=material)
    addon.ops.stainless.add_stains()
    stained = {
        link.to_node.type
        for link in material.node_tree.links
        if link.from_node.get("stainless_layer") == "surface" and link.to_socket.name in {"Color", "Base Color"}
    }
    assert stained in ({"BSDF_PRINCIPLED", "BSDF_GLOSSY"}, {"BSDF_PRINCIPLED", "BSDF_ANISOTROPIC"})  # by version


def test_what_the_artist_changes_in_between_stays(addon):
    material = node_material(addon, "plain")
    plane(addon, material=material)
    addon.ops.stainless.add_stains()
    surface = layer_nodes(material.node_tree, "surface")[0]
    surface.inputs["Colour"].default_value = (0.9, 0.1, 0.2, 1.0)
    addon.ops.stainless.remove_stains()
    colour = material.node_tree.nodes["Principled BSDF"].inputs["Base Color"]
    assert tuple(colour.default_value) == pytest.approx((0.9, 0.1, 0.2, 1.0))


def test_an_object_without_a_material_gets_one_and_loses_it(addon):
    obj = plane(addon)
    materials = len(addon.data.materials)
    addon.ops.stainless.add_stains()
    assert is_stained(obj.active_material)
    addon.ops.stainless.remove_stains()
    assert len(obj.material_slots) == 0
    assert len(addon.data.materials) == materials


def test_an_empty_slot_is_filled_and_emptied(addon):
    obj = plane(addon, material=node_material(addon, "m"))
    obj.data.materials[0] = None
    addon.ops.stainless.add_stains()
    assert is_stained(obj.active_material)
    addon.ops.stainless.remove_stains()
    assert len(obj.material_slots) == 1
    assert obj.material_slots[0].material is None


def test_a_material_without_nodes_stays_as_it_is_beside_its_stained_copy(addon):
    if addon.app.version >= (5, 0, 0):
        pytest.skip("from Blender 5.0 every material has nodes")
    material = addon.data.materials.new("flat")
    material.diffuse_color, material.roughness = (0.2, 0.4, 0.6, 1.0), 0.7
    objects = [plane(addon, name, material=material) for name in ("a", "b")]
    before = material_state(material)
    addon.ops.stainless.add_stains()
    copies = {obj.active_material for obj in objects}
    assert len(copies) == 1
    surface = layer_nodes(copies.pop().node_tree, "surface")[0]
    assert tuple(surface.inputs["Colour"].default_value) == pytest.approx((0.2, 0.4, 0.6, 1.0))
    assert surface.inputs["Roughness"].default_value == pytest.approx(0.7)
    assert material_state(material) == before
    addon.ops.stainless.remove_stains()
    assert [obj.active_material for obj in objects] == [material, material]
    assert material_state(material) == before
    assert [m.name for m in addon.data.materials] == ["flat"]


def test_what_has_no_surface_says_so(addon, capfd):
    empty = addon.data.objects.new("nothing", None)
    addon.context.scene.collection.objects.link(empty)
    empty.select_set(True)
    assert addon.ops.stainless.add_stains() == {"CANCELLED"}
    glow = node_material(addon, "glow")
    tree = glow.node_tree
    tree.nodes.clear()
    output, light = tree.nodes.new("ShaderNodeOutputMaterial"), tree.nodes.new("ShaderNodeEmission")
    tree.links.new(light.outputs[0], output.inputs["Surface"])
    plane(addon, material=glow)
    assert addon.ops.stainless.add_stains() == {"CANCELLED"}
    said = capfd.readouterr().out
    assert "'nothing' (empty) has no surface" in said
    assert "material 'glow' has no surface shader with a colour to stain" in said


def mask_of(bpy, render_float, view, size):
    """The stain mask as an orthographic camera from above sees it, where a stained material covers the view."""
    scene = bpy.context.scene
    bpy.ops.stainless.preview_mask()
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.max_bounces = 1, 0
    scene.cycles.use_adaptive_sampling = scene.cycles.use_denoising = False
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "GAUSSIAN", 0.01
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.film_transparent = True
    scene.view_settings.view_transform = "Raw"
    data = bpy.data.cameras.new("above")
    data.type, data.ortho_scale = "ORTHO", view
    camera = bpy.data.objects.new("above", data)
    camera.location.z = view
    data.clip_start, data.clip_end = view / 100, view * 10
    scene.collection.objects.link(camera)
    scene.camera = camera
    return render_float(scene)[..., 0] > 0.1


def expected_mask(params, view, size, offset=(0.0, 0.0)):
    steps = (np.arange(size) + 0.5) / size - 0.5
    x, y = np.meshgrid(steps * view + offset[0], -steps * view + offset[1])
    points = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)
    return evaluate_water_stain(points, params).inside.reshape(size, size)


@pytest.mark.parametrize(
    ("scale", "parent_scale", "unit", "size"),
    [
        ((1, 1, 1), 1.0, 1.0, 0.1),
        ((4.0, 1.0, 1.0), 1.0, 1.0, 0.1),  # non-uniform
        ((2.0, 2.0, 2.0), 0.5, 1.0, 0.1),  # a parent's scale counts
        ((1, 1, 1), 1.0, 0.001, 100.0),  # a scene in millimetres
    ],
)
def test_stains_have_their_true_size(addon, render_float, scale, parent_scale, unit, size):
    addon.context.scene.unit_settings.scale_length = unit
    obj = plane(addon, size=size, material=node_material(addon, "m"))
    parent = addon.data.objects.new("parent", None)
    addon.context.scene.collection.objects.link(parent)
    parent.scale = (parent_scale,) * 3
    obj.parent, obj.scale = parent, scale
    addon.ops.stainless.add_stains(differ=False)
    mask = mask_of(addon, render_float, view=size, size=100)
    expected = expected_mask(WaterStainParams(depth_jitter=1.0), size * unit, 100)
    assert 0.1 < expected.mean() < 0.6
    assert (mask != expected).mean() < 0.002  # single precision at outlines


def test_water_runs_down_the_slope_of_a_tilted_object(addon, render_float):
    obj = plane(addon, size=0.12, material=node_material(addon, "m"))
    tilt = 1.0
    obj.rotation_euler.x = tilt
    addon.ops.stainless.add_stains(differ=False)
    stain = obj.active_material.stainless.stain
    stain.radius, stain.run_off, stain.run_off_azimuth, stain.follow_gravity = 0.005, 1.0, 0.5, True
    mask = mask_of(addon, render_float, view=0.06, size=100)
    steps = ((np.arange(100) + 0.5) / 100 - 0.5) * 0.06
    x, y = np.meshgrid(steps, -steps / np.cos(tilt))
    points = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)
    params = WaterStainParams(depth_jitter=1.0, radius=0.005, run_off=1.0, follow_gravity=1)
    down = np.tile([0.0, -np.sin(tilt), 0.0], (len(points), 1))
    expected = evaluate_water_stain(points, params, gravity=down).inside
    assert (mask.ravel() != expected).mean() < 0.002
    assert (evaluate_water_stain(points, params).inside != expected).mean() > 0.01  # on a level surface nothing runs


def test_a_multiplied_stain_keeps_the_hue_of_a_coloured_surface(addon, render_float):
    material = node_material(addon, "red")
    plane(addon, size=0.12, material=material)
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (0.8, 0.4, 0.2, 1.0)
    addon.ops.stainless.add_stains()
    material.stainless.stain.intensity = -0.6
    material.stainless.stain.multiplied = True
    tree = material.node_tree
    emission = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(layer_nodes(tree, "surface")[0].outputs["Colour"], emission.inputs["Color"])
    output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL")
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    mask = mask_of(addon, render_float, view=0.06, size=50)  # the first call shows the preview of the mask
    assert mask.any()
    addon.ops.stainless.preview_mask()  # back to the surface
    colours = render_float(addon.context.scene)[..., :3].reshape(-1, 3)
    assert colours[:, 0].min() < 0.4
    np.testing.assert_allclose(colours[:, 1] / colours[:, 0], 0.5, atol=1e-3)
    np.testing.assert_allclose(colours[:, 2] / colours[:, 0], 0.25, atol=1e-3)


def test_instances_each_carry_the_stains(addon, render_float):
    source = plane(addon, material=node_material(addon, "m"))
    addon.ops.stainless.add_stains(differ=False)
    collection = addon.data.collections.new("shared")
    collection.objects.link(source)
    addon.context.scene.collection.objects.unlink(source)
    for x in (-0.05, 0.05):
        empty = addon.data.objects.new("instance", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", collection
        empty.location.x = x
        addon.context.scene.collection.objects.link(empty)
    material = source.active_material
    from blender_addon.annotation.preview import preview_material

    preview_material(material, True)
    preview_material(material, True)  # twice is once
    addon.ops.object.select_all(action="DESELECT")
    with addon.context.temp_override(object=source):
        preview_material(material, False)
        mask = mask_of(addon, render_float, view=0.2, size=100)
    strip = mask[25:75]
    assert np.array_equal(strip[:, :50], strip[:, 50:])
    assert (strip[:, :50] != expected_mask(WaterStainParams(depth_jitter=1.0), 0.1, 50)).mean() < 0.004


def test_stains_on_a_large_object_are_large_enough_to_be_seen(addon):
    large, small = plane(addon, "large", 2.4, node_material(addon, "a")), plane(addon, "small", 0.12)
    addon.ops.stainless.add_stains()
    stains = [obj.active_material.stainless.stain for obj in (large, small)]
    assert [stain.radius for stain in stains] == pytest.approx([0.12, 0.006])
    assert [stain.frequency for stain in stains] == pytest.approx([8.0, 160.0])
    node = layer_nodes(large.active_material.node_tree, STAIN)[0]
    assert node.inputs["Cell Size"].default_value == pytest.approx(0.4)


def test_two_objects_with_two_materials_have_stains_of_their_own(addon):
    first, second = (plane(addon, name, material=node_material(addon, name)) for name in "ab")
    addon.ops.stainless.add_stains()
    first.active_material.stainless.stain.radius = 0.003
    nodes = [layer_nodes(obj.active_material.node_tree, STAIN)[0] for obj in (first, second)]
    assert nodes[0].inputs["Radius"].default_value == pytest.approx(0.003)
    assert nodes[1].inputs["Radius"].default_value == pytest.approx(0.006)
    assert nodes[0].node_tree == nodes[1].node_tree


def test_a_picked_centre_is_where_the_ray_met_the_surface(addon, render_float):
    from mathutils import Vector

    from blender_addon.operators.pick_centre import ray_point

    scene = addon.context.scene
    scene.unit_settings.scale_length = 0.001
    obj = plane(addon, size=100.0, material=node_material(addon, "m"))
    obj.scale = (2.0, 0.5, 1.0)
    obj.location = (10.0, 0.0, 0.0)
    addon.ops.stainless.add_stains()
    addon.context.view_layer.update()
    point = ray_point(addon.context, Vector((34.0, 12.0, 50.0)), Vector((0.0, 0.0, -1.0)))
    assert point == pytest.approx((0.024, 0.012, 0.0), abs=1e-6)
    assert ray_point(addon.context, Vector((500.0, 0.0, 5.0)), Vector((0.0, 0.0, -1.0))) == "There is no surface here"
    other = plane(addon, "other", size=20.0)
    other.location.z = 20.0
    addon.context.view_layer.objects.active = obj
    addon.context.view_layer.update()
    said = ray_point(addon.context, Vector((0.0, 0.0, 50.0)), Vector((0.0, 0.0, -1.0)))
    assert said == "'other' does not show the material 'm' here"
    addon.ops.stainless.pick_centre(centre=point)
    addon.data.objects.remove(other)
    mask = mask_of(addon, render_float, view=100.0, size=100)
    rows, columns = np.nonzero(mask)
    # The view is 100 mm; the centre is at (34, 12) mm of the world.
    assert (columns.mean() + 0.5 - 50, 50 - rows.mean() - 0.5) == pytest.approx((34.0, 12.0), abs=0.6)
    assert mask.sum() == pytest.approx(np.pi * 6**2, rel=0.25)
