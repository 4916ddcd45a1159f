"""Objects that share a material have different stains, in pictures, masks and bakes alike."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.annotation.preview import preview_material
from blender_addon.nodes.object_seed import KEY, object_random, object_seed
from blender_addon.settings.properties import params_of
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from tests.blender_addon.annotation.test_own_scene_pass import SIZE, X, Y, own_scene, read
from tests.blender_addon.own_objects.test_stain_layer import node_material, plane

__all__ = ["own_scene"]
pytestmark = pytest.mark.blender


def seen_stains(addon, render_float, material) -> np.ndarray:
    """Return where the scene itself shows stains: it emits white there."""
    scene, tree = addon.context.scene, material.node_tree
    preview_material(material, True)
    for emission in (node for group in addon.data.node_groups for node in group.nodes if node.type == "EMISSION"):
        emission.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    assert tree
    scene.cycles.samples, scene.cycles.pixel_filter_type, scene.cycles.filter_width = 1, "GAUSSIAN", 0.01
    scene.cycles.use_denoising = False
    pixels = render_float(scene)
    preview_material(material, False)
    return pixels[..., 0] > 0.5


def test_the_number_of_an_object_is_blenders(addon, own_scene, render_float):
    material = node_material(addon, "number")
    tree = material.node_tree
    emission, info = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeObjectInfo")
    tree.links.new(info.outputs["Random"], emission.inputs["Color"])
    tree.links.new(emission.outputs[0], tree.nodes["Material Output"].inputs["Surface"])
    places = {"Plane.001": -0.06, "Körper": 0.06}
    objects = [plane(addon, name, 0.1, material) for name in places]
    for obj, x in zip(objects, places.values(), strict=True):
        obj.location.x = x
    own_scene.cycles.use_denoising = False
    pixels = render_float(own_scene)
    for obj, x in zip(objects, places.values(), strict=True):
        column = int((x + 0.12) / 0.24 * SIZE)
        assert pixels[SIZE // 2, column, 0] == pytest.approx(object_random(obj), abs=1e-6)


def test_objects_that_share_a_material_differ_and_their_masks_follow(addon, own_scene, render_float, tmp_path):
    material = node_material(addon, "shared")
    left, right = (plane(addon, name, 0.1, material) for name in ("left", "right"))
    left.location.x, right.location.x = -0.055, 0.055
    left.location.y = right.location.y = 0.055
    below = plane(addon, "below", 0.1, material)  # shown by two instances only
    collection = addon.data.collections.new("parts")
    collection.objects.link(addon.data.objects.new("first of the collection", addon.data.lights.new("lamp", "POINT")))
    collection.objects.link(below)
    own_scene.collection.objects.unlink(below)
    for x in (-0.055, 0.055):
        empty = addon.data.objects.new("instance", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", collection
        empty.location = (x, -0.055, 0.0)
        own_scene.collection.objects.link(empty)
    addon.context.view_layer.objects.active = left
    assert addon.ops.stainless.add_stains() == {"FINISHED"}
    assert material.stainless.differ
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    _, mask, _ = read(tmp_path / "out")
    seen = seen_stains(addon, render_float, material)
    assert ((mask == 6) != seen).mean() < 0.002
    params = params_of(material.stainless.stain, WaterStainParams)
    for obj in (left, right):
        on = (abs(X - obj.location.x) < 0.05) & (abs(Y - obj.location.y) < 0.05)
        points = np.stack([X[on] - obj.location.x, Y[on] - obj.location.y, np.zeros(on.sum())], axis=-1)
        own = dataclasses.replace(params, seed_offset=params.seed_offset + object_seed(obj))
        assert ((mask[on] == 6) != evaluate_water_stain(points, own).inside).mean() < 0.002
    half = SIZE // 2
    quarters = [mask[:half, :half], mask[:half, half:], mask[half:, :half], mask[half:, half:]]
    assert len({quarter.tobytes() for quarter in quarters}) == 4


def test_a_custom_property_fixes_the_stains_of_an_object(addon):
    obj = plane(addon)
    before = object_seed(obj)
    obj[KEY] = 0.5
    assert object_seed(obj) == 512 != before


def test_the_switch_takes_the_difference_back(addon):
    obj = plane(addon, material=node_material(addon, "m"))
    addon.ops.stainless.add_stains()
    settings = obj.active_material.stainless
    settings.stain.seed_offset = 5
    (node,) = (each for each in obj.active_material.node_tree.nodes if each.label == "Object Seed")
    assert [node.inputs[name].default_value for name in ("Seed Offset", "Differ by Object")] == [5.0, 1.0]
    settings.differ = False
    assert node.inputs["Differ by Object"].default_value == 0.0
    addon.ops.stainless.remove_stains()
    assert not any(each.label == "Object Seed" for each in obj.active_material.node_tree.nodes)
