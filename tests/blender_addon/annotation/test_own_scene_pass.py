"""Picture and masks of an artist's own scene, against the formula of the stains at every pixel's centre."""

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.pictures.png import without_metadata
from blender_addon.settings.properties import params_of
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from tests.blender_addon.own_objects.test_stain_layer import node_material, plane

pytestmark = pytest.mark.blender

SIZE, VIEW = 96, 0.24  # pixels and metres of the square that the camera sees
STEPS = (np.arange(SIZE) + 0.5) / SIZE * VIEW - VIEW / 2
X, Y = np.meshgrid(STEPS, -STEPS)


@pytest.fixture
def own_scene(addon, tmp_path):
    """An empty scene under a camera that looks straight down."""
    scene = addon.context.scene
    data = addon.data.cameras.new("above")
    data.type, data.ortho_scale = "ORTHO", VIEW
    data.clip_start = 0.01
    scene.camera = addon.data.objects.new("above", data)
    scene.camera.location.z = 1.0
    scene.collection.objects.link(scene.camera)
    scene.render.engine, scene.cycles.samples = "CYCLES", 2
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.image_settings.file_format = "JPEG"
    scene.stainless.dataset.folder = str(tmp_path / "out")
    return scene


def stained_plane(addon, name, x, y, seed):
    """A square of 0.1 m with stains of its own."""
    addon.ops.object.select_all(action="DESELECT")
    obj = plane(addon, name, material=node_material(addon, name))
    obj.location = (x, y, 0.0)
    assert addon.ops.stainless.add_stains(seed_offset=seed, differ=False) == {"FINISHED"}
    return obj


def truth(places) -> tuple[np.ndarray, np.ndarray]:
    """Class ids and, per pixel, the object's number and stain's id, of planes (material, x, y)."""
    mask, keys = np.full((SIZE, SIZE), 255), np.zeros((SIZE, SIZE, 2), int)
    for number, (material, x, y) in enumerate(places, start=1):
        on = (abs(X - x) < 0.05) & (abs(Y - y) < 0.05)
        mask[on] = 0
        if material is None:
            continue
        points = np.stack([X[on] - x, Y[on] - y, np.zeros(on.sum())], axis=-1)
        stains = evaluate_water_stain(points, params_of(material.stainless.stain, WaterStainParams))
        mask[on] = np.where(stains.inside, 6, 0)
        keys[on] = np.stack([np.full(on.sum(), number), stains.stain_id], axis=-1) * stains.inside[:, None]
    return mask, keys


def read(folder, number=0):
    return [
        cv2.imread(str(folder / name / f"{number:06d}.png"), cv2.IMREAD_UNCHANGED)
        for name in ("images", "masks", "instances")
    ]


def assert_annotated(folder, places, number=0):
    """Masks are the truth; instances part the pixels as the truth does, stains of one id on two objects, too."""
    _, mask, instances = read(folder, number)
    expected, keys = truth(places)
    assert (mask != expected).mean() < 0.002  # single precision at outlines
    sure = (mask == expected) & (mask == 6)
    pairs = {(int(i), *map(int, key)) for i, key in zip(instances[sure], keys[sure], strict=True)}
    assert len({i for i, *_ in pairs}) == len({tuple(key) for _, *key in pairs}) == len(pairs)
    assert set(instances[mask != 6].ravel().tolist()) == {0}


def counts(bpy) -> dict[str, int]:
    kinds = ("scenes", "worlds", "objects", "collections", "meshes", "materials", "node_groups", "cameras")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


def test_two_stained_objects_and_a_clean_one(addon, own_scene, tmp_path):
    first = stained_plane(addon, "first", -0.055, 0.055, seed=0)
    second = stained_plane(addon, "second", 0.055, 0.055, seed=0)  # the same stains, other instances
    third = stained_plane(addon, "third", 0.055, -0.055, seed=7)
    third.active_material.stainless.stain.radius = 0.004
    clean = plane(addon, "clean", material=node_material(addon, "glow"))
    clean.location = (-0.055, -0.055, 0.0)
    clean.active_material.node_tree.nodes["Principled BSDF"].inputs["Emission Strength"].default_value = 1.0
    hidden = stained_plane(addon, "hidden", -0.055, -0.055, seed=3)
    hidden.location.z, hidden.hide_render = 0.01, True
    addon.context.view_layer.objects.active = first
    assert addon.ops.stainless.preview_mask() == {"FINISHED"}  # what the viewport shows does not matter
    addon.context.view_layer.update()
    before = counts(addon)
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    assert counts(addon) == before
    places = [(obj.active_material, *obj.location[:2]) for obj in (first, second, third)]
    assert_annotated(tmp_path / "out", [*places, (None, *clean.location[:2])])
    assert own_scene.render.image_settings.file_format == "JPEG"
    assert not list(tmp_path.rglob(".part-*"))
    assert not (tmp_path / "out" / "jobs").exists()

    # The picture is what Blender renders of the scene, to the bit; the preview is there again.
    assert addon.ops.stainless.preview_mask() == {"FINISHED"}
    settings = own_scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGB", "8"
    own_scene.render.filepath = str(tmp_path / "direct.png")
    addon.ops.render.render(write_still=True)
    written = (tmp_path / "out" / "images" / "000000.png").read_bytes()
    assert written == without_metadata((tmp_path / "direct.png").read_bytes())


def test_instances_of_a_collection_are_instances_of_their_own(addon, own_scene, tmp_path):
    source = stained_plane(addon, "source", 0.0, 0.0, seed=0)
    shared = addon.data.collections.new("shared")
    shared.objects.link(source)
    own_scene.collection.objects.unlink(source)
    places = [(-0.055, 0.055), (0.055, -0.055)]
    for x, y in places:
        empty = addon.data.objects.new("instance", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", shared
        empty.location = (x, y, 0.0)
        own_scene.collection.objects.link(empty)
    before = counts(addon)
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    assert counts(addon) == before
    assert_annotated(tmp_path / "out", [(source.active_material, x, y) for x, y in places])


def test_what_is_missing_is_said(addon, own_scene, tmp_path):
    with pytest.raises(RuntimeError, match="renders has stains; select objects and click Add Stains"):
        addon.ops.stainless.render_to_folder()
    obj = stained_plane(addon, "drop", 0.0, 0.0, seed=0)
    parent = plane(addon, "scatter", material=node_material(addon, "clean"))
    obj.parent, parent.instance_type = parent, "VERTS"
    before = counts(addon)
    with pytest.raises(RuntimeError, match=r"'scatter' shows instances of 'drop'.*Make Instances Real"):
        addon.ops.stainless.render_to_folder()
    parent.instance_type = "NONE"
    own_scene.camera = None
    with pytest.raises(RuntimeError, match="has no camera; add one"):
        addon.ops.stainless.render_to_folder()
    assert counts(addon) == before
    assert not list(tmp_path.rglob("*.png"))
