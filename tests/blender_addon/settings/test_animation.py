"""Keyframes of settings: every frame of a render without a window is the scene set by hand."""

import hashlib
from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from tests.blender_addon.own_objects.test_stain_layer import node_material, plane

pytestmark = pytest.mark.blender

RADII = (0.006, 0.004, 0.0025)


def animated_frames(bpy, scene, folder: Path) -> list[str]:
    """Render the frames 1 to 3 as `blender -b FILE -a` does; return the digests of the pictures."""
    scene.frame_start, scene.frame_end = 1, 3
    scene.render.filepath = str(folder / "frame_")
    bpy.ops.render.render(animation=True, scene=scene.name)
    return [digest(folder / f"frame_{number:04d}.png") for number in (1, 2, 3)]


def still(bpy, scene, path: Path) -> str:
    """Render the scene as it is; return the digest of the picture."""
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    return digest(path)


def digest(path: Path) -> str:
    """Return the digest of a file, whose pixels are all that it holds."""
    import cv2

    return hashlib.sha256(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).tobytes()).hexdigest()


def key(group, name: str, values: tuple) -> None:
    for number, value in enumerate(values, start=1):
        setattr(group, name, value)
        assert group.keyframe_insert(name, frame=number)


@pytest.mark.parametrize(
    ("part", "name", "values"),
    [
        ("stain", "radius", RADII),
        ("stain", "seed_offset", (1, 5, 9)),
        ("stain", "roughness_gain", (0.0, 0.7, 1.4)),
        ("light", "rotation", (0.0, 0.2, 0.4)),
        ("placement", "shift_x", (0.0, 0.01, 0.02)),
        ("brushed_metal", "texture_offset", (0.0, 10.0, 20.0)),
        ("defects", "scratches", (0, 1, 2)),
    ],
)
def test_animated_frames_are_the_scenes_set_by_hand_to_the_bit(addon, inspection, tmp_path, part, name, values):
    if addon.app.version >= (5, 0, 0) and name not in ("radius", "seed_offset"):
        pytest.skip("Blender 5 follows the keyframes of stains only")
    group = getattr(inspection.stainless, part)
    by_hand = []
    for number, value in enumerate(values):
        setattr(group, name, value)
        by_hand.append(still(addon, inspection, tmp_path / f"hand_{number}.png"))
    key(group, name, values)
    frames = animated_frames(addon, inspection, tmp_path)
    assert frames == by_hand
    assert len(set(frames)) == 3


def test_a_saved_animation_renders_in_another_process(addon, inspection, tmp_path):
    import subprocess
    import sys

    stain = inspection.stainless.stain
    by_hand = []
    for number, radius in enumerate(RADII):
        stain.radius = radius
        by_hand.append(still(addon, inspection, tmp_path / f"hand_{number}.png"))
    key(stain, "radius", RADII)
    inspection.frame_start, inspection.frame_end = 1, 3
    inspection.render.filepath = str(tmp_path / "frame_")
    path = tmp_path / "animated.blend"
    addon.ops.wm.save_as_mainfile(filepath=str(path))
    program = (
        "import bpy, os, blender_addon\n"
        "blender_addon.register()\n"
        f"bpy.ops.wm.open_mainfile(filepath={str(path)!r})\n"
        "bpy.ops.render.render(animation=True, scene='Inspection')\n"
        "os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [digest(tmp_path / f"frame_{number:04d}.png") for number in (1, 2, 3)] == by_hand


def test_materials_follow_their_keyframes(addon, tmp_path):
    obj = plane(addon, material=node_material(addon, "steel"))
    addon.ops.stainless.add_stains()
    scene = addon.context.scene
    addon.ops.object.camera_add(location=(0.0, 0.0, 0.2))
    scene.camera = addon.context.object
    addon.ops.object.light_add(type="SUN")
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 64
    stain = obj.active_material.stainless.stain
    by_hand = []
    for number, radius in enumerate(RADII):
        stain.radius = radius
        by_hand.append(still(addon, scene, tmp_path / f"hand_{number}.png"))
    key(stain, "radius", RADII)
    frames = animated_frames(addon, scene, tmp_path)
    assert frames == by_hand
    assert len(set(frames)) == 3


def test_the_panel_and_the_nodes_agree_on_every_frame_and_after_an_edit_of_a_key(addon, inspection):
    stain = inspection.stainless.stain
    key(stain, "radius", RADII)

    def on_node() -> float:
        tree = inspection.stainless.plate_object.active_material.node_tree
        return next(node for node in tree.nodes if node.label == "Water Stain").inputs["Radius"].default_value

    for number, radius in enumerate(RADII, start=1):
        inspection.frame_set(number)
        assert stain.radius == pytest.approx(radius)
        assert on_node() == stain.radius
    from blender_addon.settings.animation import curves_of

    (curve,) = curves_of(inspection.animation_data.action)
    curve.keyframe_points[2].co.y = 0.005
    curve.update()
    inspection.animation_data.action.update_tag()
    addon.context.view_layer.update()
    assert on_node() == stain.radius == pytest.approx(0.005)


def test_a_driver_moves_the_stains(addon, inspection):
    curve = inspection.stainless.stain.driver_add("radius")
    curve.driver.expression = "0.001 * frame"
    inspection.frame_set(3)
    tree = inspection.stainless.plate_object.active_material.node_tree
    node = next(node for node in tree.nodes if node.label == "Water Stain")
    assert node.inputs["Radius"].default_value == pytest.approx(0.003)


def test_frames_whose_settings_contradict_each_other_say_so(addon, inspection, capfd):
    key(inspection.stainless.stain, "radius", (0.006, 0.025))
    inspection.frame_set(2)
    assert "'Inspection', frame 2: " in capfd.readouterr().out


def test_what_no_frame_could_follow_takes_no_keyframes(addon, inspection):
    settings = inspection.stainless
    for group in ("lens", "picture", "dataset", "ranges"):
        for prop in getattr(settings, group).bl_rna.properties:
            if prop.identifier not in {"rna_type", "name"} or group == "dataset":
                assert prop.identifier == "rna_type" or not prop.is_animatable, prop.identifier
    for name in ("radius_shown", "cell_size_shown"):
        assert not settings.stain.bl_rna.properties[name].is_animatable
    assert not settings.bl_rna.properties["random_seed"].is_animatable
    assert settings.stain.bl_rna.properties["radius"].is_animatable
