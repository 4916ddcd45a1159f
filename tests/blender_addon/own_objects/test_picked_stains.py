"""Picked stains on an artist's own object: each pick adds one, and pictures, masks and bakes show their union."""

import dataclasses

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.annotation.preview import preview_material
from blender_addon.own_objects.stain_layer import PICKED, STAIN, layer_nodes
from blender_addon.settings.properties import params_of
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.preset import read_preset, shipped_presets
from blender_addon.water_stain.reference import WaterStainField, evaluate_water_stain
from tests.blender_addon.annotation.test_own_scene_pass import SIZE, X, Y, own_scene, read, stained_plane
from tests.blender_addon.baking.test_bake_stains import texels
from tests.blender_addon.own_objects.material_state import material_state
from tests.blender_addon.own_objects.test_stain_layer import node_material, plane

__all__ = ["own_scene"]
pytestmark = pytest.mark.blender

MOST = 8
APART = ((-0.03, 0.02, 0.0), (0.0, -0.03, 0.0), (0.035, 0.03, 0.0))
OVERLAPPING = ((-0.004, 0.0, 0.0), (0.004, 0.002, 0.0), (0.0, -0.03, 0.0))
RING = tuple((0.035 * np.cos(turn), 0.035 * np.sin(turn), 0.0) for turn in np.arange(MOST) * np.pi / 4)
ON = (abs(X) < 0.05) & (abs(Y) < 0.05)
PLACES = np.stack([X[ON], Y[ON], np.zeros(ON.sum())], axis=-1)


def pick(bpy, centres) -> None:
    for centre in centres:
        assert bpy.ops.stainless.pick_centre(centre=centre) == {"FINISHED"}


def each_alone(material, points, centres) -> list[WaterStainField]:
    """Return the definition of a single stain at each of the centres."""
    params = params_of(material.stainless.stain, WaterStainParams)
    alone = [
        dataclasses.replace(params, explicit_centre=1, centre_x=x, centre_y=y, centre_z=z)
        for x, y, z in np.asarray(centres, np.float32).tolist()
    ]
    return [evaluate_water_stain(points, own) for own in alone]


def union(fields: list[WaterStainField]) -> np.ndarray:
    return np.any([field.inside for field in fields], axis=0)


@pytest.mark.parametrize(
    ("centres", "look"),
    [
        (APART, {}),
        (OVERLAPPING, {"radius": 0.01}),
        (OVERLAPPING, {"run_off": 1.5, "follow_gravity": False, "run_off_azimuth": 0.7}),
        (RING, read_preset(shipped_presets()["Dried_in_Stages"]) | {"crust_coverage": 0.5, "run_off": 0.5}),
    ],
)
def test_the_mask_is_the_union_of_the_picked_stains(addon, own_scene, tmp_path, centres, look):
    material = stained_plane(addon, "part", 0.0, 0.0, seed=3).active_material
    for name, value in look.items():
        setattr(material.stainless.stain, name, value)
    pick(addon, centres)
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    _, mask, instances = read(tmp_path / "out")
    fields = each_alone(material, PLACES, centres)
    expected = union(fields)
    assert all(field.inside.sum() > 10 for field in fields)
    assert ((mask[ON] == 6) != expected).mean() < 0.002  # single precision at outlines
    nearest = np.argmin([field.normalised_distance for field in fields], axis=0)
    sure = expected & (mask[ON] == 6)
    seen = {(int(here), int(own)) for here, own in zip(instances[ON][sure], nearest[sure], strict=True)}
    assert len(seen) == len(centres) == len({here for here, _ in seen})  # each stain is an instance of its own


def test_where_picked_stains_meet_the_nearest_one_shows(addon, own_scene, render_float):
    material = stained_plane(addon, "part", 0.0, 0.0, seed=3).active_material
    tree = material.node_tree
    tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.8, 0.8, 0.8, 1.0)
    surface = layer_nodes(tree, "surface")[0]
    surface.inputs["Colour"].default_value = (0.8, 0.8, 0.8, 1.0)
    material.stainless.stain.radius = 0.01
    pick(addon, OVERLAPPING)
    emission = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(surface.outputs["Colour"], emission.inputs["Color"])
    output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL")
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    cycles = own_scene.cycles
    cycles.samples, cycles.use_denoising, cycles.pixel_filter_type, cycles.filter_width = 1, False, "GAUSSIAN", 0.01
    seen = render_float(own_scene)[..., 0][ON]
    fields = each_alone(material, PLACES, OVERLAPPING)
    nearest = np.argmin([field.normalised_distance for field in fields], axis=0)
    change = np.choose(nearest, [field.reflectance for field in fields])
    assert (sum(field.inside.astype(int) for field in fields) > 1).sum() > 20
    assert (abs(seen - np.clip(0.8 + change, 0, 1)) > 1e-3).mean() < 0.005


def test_the_ninth_pick_is_refused_and_the_last_and_all_can_be_removed(addon):
    material = node_material(addon, "steel")
    plane(addon, material=material)
    clean = material_state(material)
    addon.ops.stainless.add_stains()
    grid = material_state(material)
    pick(addon, RING)
    (node,) = layer_nodes(material.node_tree, STAIN)
    assert node.inputs["Centre X"].is_linked
    with pytest.raises(RuntimeError, match=r"material 'steel' has 8 picked stains, the most; remove one"):
        addon.ops.stainless.pick_centre(centre=(0.0, 0.0, 0.0))
    assert len(material.stainless.further) == MOST - 1
    (picked,) = layer_nodes(material.node_tree, PICKED)
    assert tuple(picked.inputs["Centre 8"].default_value) == pytest.approx(RING[7])

    assert addon.ops.stainless.remove_picked() == {"FINISHED"}
    assert tuple(picked.inputs["Centre 8"].default_value) == pytest.approx(RING[0])  # unused: the first again
    for _ in range(MOST - 2):
        assert addon.ops.stainless.remove_picked() == {"FINISHED"}
    assert not layer_nodes(material.node_tree, PICKED)
    assert material.stainless.stain.explicit_centre
    assert node.inputs["Centre X"].default_value == pytest.approx(RING[0][0])
    assert addon.ops.stainless.remove_picked() == {"FINISHED"}
    assert not material.stainless.stain.explicit_centre
    assert not addon.ops.stainless.remove_picked.poll()

    pick(addon, APART)
    assert addon.ops.stainless.remove_picked(everything=True) == {"FINISHED"}
    for axis in "xyz":
        setattr(material.stainless.stain, f"centre_{axis}", 0.0)
    assert material_state(material) == grid
    pick(addon, APART)
    assert addon.ops.stainless.remove_stains() == {"FINISHED"}
    assert material_state(material) == clean
    assert len(material.stainless.further) == 0


def test_a_pick_after_the_grid_came_back_starts_anew(addon):
    plane(addon, material=node_material(addon, "steel"))
    addon.ops.stainless.add_stains()
    settings = addon.data.materials["steel"].stainless
    pick(addon, APART)
    settings.stain.explicit_centre = False
    assert not layer_nodes(addon.data.materials["steel"].node_tree, PICKED)
    settings.stain.explicit_centre = True  # the switch keeps what was picked
    assert layer_nodes(addon.data.materials["steel"].node_tree, PICKED)
    settings.stain.explicit_centre = False
    pick(addon, APART[:1])
    assert len(settings.further) == 0


def test_saved_picked_stains_come_back_and_undo_takes_them_back_one_by_one(addon, tmp_path):
    plane(addon, material=node_material(addon, "steel"))
    addon.ops.stainless.add_stains()
    pick(addon, APART)
    path = str(tmp_path / "picked.blend")
    addon.ops.wm.save_as_mainfile(filepath=path)
    addon.ops.wm.open_mainfile(filepath=path)
    material = addon.data.materials["steel"]
    assert [tuple(each.centre) for each in material.stainless.further] == [pytest.approx(c) for c in APART[1:]]
    copy = material.copy()
    addon.context.preferences.edit.use_global_undo = True
    addon.ops.ed.undo_push(message="opened")
    pick(addon, RING[:1])
    addon.ops.ed.undo_push(message="picked")
    assert len(addon.data.materials["steel"].stainless.further) == 3
    assert len(copy.stainless.further) == 2
    addon.ops.ed.undo()
    material = addon.data.materials["steel"]
    assert len(material.stainless.further) == 2
    (node,) = layer_nodes(material.node_tree, PICKED)
    assert tuple(node.inputs["Centre 4"].default_value) == pytest.approx(APART[0])
    material.stainless.stain.run_off = 0.5  # alive
    assert node.inputs["Run Off"].default_value == pytest.approx(0.5)


def test_an_older_layer_is_replaced_and_keeps_its_picked_stains(addon, tmp_path):
    from blender_addon.nodes.group_interface import VERSION_KEY

    for name, centres in (("one", APART[:1]), ("three", APART)):
        addon.ops.object.select_all(action="DESELECT")
        plane(addon, name, material=node_material(addon, name))
        addon.ops.stainless.add_stains()
        pick(addon, centres)
    (node,) = layer_nodes(addon.data.materials["one"].node_tree, STAIN)
    node.node_tree[VERSION_KEY] -= 1
    path = str(tmp_path / "old.blend")
    addon.ops.wm.save_as_mainfile(filepath=path)
    addon.ops.wm.open_mainfile(filepath=path)
    one, three = (addon.data.materials[name].node_tree for name in ("one", "three"))
    (stain,) = layer_nodes(one, STAIN)
    assert stain.inputs["Explicit Centre"].default_value == 1.0
    assert stain.inputs["Centre X"].default_value == pytest.approx(APART[0][0])
    assert not layer_nodes(one, PICKED)
    (picked,) = layer_nodes(three, PICKED)
    assert tuple(picked.inputs["Centre 3"].default_value) == pytest.approx(APART[2])


def test_picked_stains_are_copied_to_other_objects(addon):
    source, other = (plane(addon, name, material=node_material(addon, name)) for name in "ab")
    addon.context.view_layer.objects.active = source
    addon.ops.stainless.add_stains()
    pick(addon, APART)
    assert addon.ops.stainless.copy_stains() == {"FINISHED"}
    (node,) = layer_nodes(other.active_material.node_tree, PICKED)
    assert tuple(node.inputs["Centre 2"].default_value) == pytest.approx(APART[1])


def test_the_plate_keeps_one_centre(addon, inspection):
    pick(addon, APART)
    stain = inspection.stainless.stain
    assert (stain.centre_x, stain.centre_y) == pytest.approx(APART[-1][:2])
    assert not addon.ops.stainless.remove_picked.poll()


def test_the_preview_follows_a_pick(addon, own_scene, render_float):
    material = stained_plane(addon, "part", 0.0, 0.0, seed=3).active_material
    pick(addon, APART[:1])
    preview_material(material, True)
    pick(addon, APART[1:])
    own_scene.cycles.samples, own_scene.cycles.use_denoising = 1, False
    own_scene.cycles.pixel_filter_type, own_scene.cycles.filter_width = "GAUSSIAN", 0.01
    seen = render_float(own_scene)[..., 0][ON] > 0.1
    assert (seen != union(each_alone(material, PLACES, APART))).mean() < 0.002


@pytest.mark.slow
def test_the_baked_mask_is_the_union(addon, tmp_path):
    size = 4 * SIZE // 3
    addon.ops.mesh.primitive_uv_sphere_add(radius=0.03, segments=24, ring_count=12)
    ball = addon.context.object
    addon.context.scene.stainless.dataset.folder = str(tmp_path)
    assert addon.ops.stainless.add_stains(differ=False) == {"FINISHED"}
    centres = ((0.03, 0.0, 0.0), (0.0, 0.03, 0.0), (0.0, -0.02, 0.022))
    pick(addon, centres)
    assert addon.ops.stainless.bake_stains(size=size, samples=1, copy=False) == {"FINISHED"}
    mask = cv2.imread(str(tmp_path / "baked" / f"{ball.name}_mask.png"), cv2.IMREAD_UNCHANGED)
    where, places = texels(ball, "UVMap", size)
    fields = each_alone(ball.active_material, places, centres)
    assert all(field.inside.sum() > 10 for field in fields)
    assert ((mask[tuple(where.T)] == 255) == union(fields)).mean() > 0.998
