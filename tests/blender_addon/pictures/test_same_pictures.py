"""A scene set in the user interface and the job it exports are one picture, bit for bit."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from render_jobs.job import validate_job
from render_jobs.sample_plan import plan_samples

pytestmark = pytest.mark.blender

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("images", "masks", "instances")


def digests(folder: Path, number: int) -> dict[str, str]:
    files = {name: folder / name / f"{number:06d}.png" for name in FOLDERS}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def headless(job: Path, out: Path) -> dict[str, str]:
    command = [sys.executable, "render_jobs/render_dataset.py", "--job", str(job), "--out", str(out), "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return digests(out, 0)


def drag(settings, finish: str) -> None:
    """Change a setting of every kind, in the way the panel does, more than once."""
    for radius in (0.003, 0.0071, 0.0055):
        settings.stain.radius = radius
    settings.finish = finish
    settings.stain.rim_intensity = -0.2
    settings.stain.roughness_gain = 0.5
    settings.stain.seed_offset = 77
    metal = getattr(settings, f"{finish}_metal")
    metal.texture_offset, metal.roughness = 12.25, 0.17
    settings.light.rotation, settings.light.emission, settings.light.reflectance = 0.3, 1.1, 0.4
    settings.camera.distance = 0.31
    settings.plate.bevel = 4e-4
    settings.picture.width, settings.picture.samples = 131, 3
    settings.placement.shift_x, settings.placement.turn = 0.004, 0.2
    settings.scratch.width, settings.dent.radius, settings.bump.edge_height = 0.0021, 0.004, 0.2
    settings.defects.scratches, settings.defects.dents, settings.defects.bumps = 2, 3, 1
    settings.defects.fingerprints = settings.defects.stickers = 1
    settings.defects.seed, settings.defects.variation = 11, 0.2


@pytest.mark.parametrize("finish", ["brushed", "milled", "sandblasted"])
def test_the_users_scene_and_its_job_render_the_same_bytes(addon, inspection, tmp_path, finish):
    settings = inspection.stainless
    drag(settings, finish)
    job = tmp_path / "job.json"
    assert addon.ops.stainless.export_job(filepath=str(job), content="PICTURE") == {"FINISHED"}
    validate_job(json.loads(job.read_text()), "exported")
    settings.dataset.folder = str(tmp_path / "ui")
    inspection.render.engine = "BLENDER_WORKBENCH"  # what the artist looked through in between does not matter
    assert addon.ops.stainless.preview_mask() == {"FINISHED"}
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    shown = digests(tmp_path / "ui", 0)
    mask = cv2.imread(str(tmp_path / "ui" / "masks" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert {1, 2, 3, 4, 5, 6} <= set(np.unique(mask))  # the six classes
    assert shown == headless(job, tmp_path / "headless")
    assert (tmp_path / "ui" / "jobs" / "000000.json").read_text() == job.read_text()
    settings.stain.radius = 0.0054
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    other = digests(tmp_path / "ui", 1)
    assert all(other[name] != shown[name] for name in FOLDERS)


def test_a_lens_and_its_noise_are_the_same_bytes(addon, inspection, tmp_path):
    settings = inspection.stainless
    settings.dataset.folder, settings.dataset.seed = str(tmp_path / "ui"), 5
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    settings.lens.blur, settings.lens.vignetting, settings.lens.exposure = 5e-5, 0.3, 0.9
    settings.lens.full_well, settings.lens.read_noise = 900, 0.01
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    ideal, real = digests(tmp_path / "ui", 0), digests(tmp_path / "ui", 1)
    assert [ideal[name] == real[name] for name in FOLDERS] == [False, True, True]
    job = tmp_path / "job.json"
    assert addon.ops.stainless.export_job(filepath=str(job), content="PICTURE") == {"FINISHED"}
    assert real == headless(job, tmp_path / "headless")
    assert inspection.render.image_settings.file_format == "PNG"


def test_an_imported_job_renders_the_same_bytes(addon, inspection, tmp_path):
    drag(inspection.stainless, "brushed")
    job, again = tmp_path / "job.json", tmp_path / "again.json"
    addon.ops.stainless.export_job(filepath=str(job), content="PICTURE")
    addon.ops.stainless.add_inspection_scene(name="Second")
    second = addon.context.window.scene
    assert second != inspection
    second.stainless.light.scale = 2.0  # what the job does not say takes its default
    assert addon.ops.stainless.import_job(filepath=str(job)) == {"FINISHED"}
    addon.ops.stainless.export_job(filepath=str(again), content="PICTURE")
    assert again.read_text() == job.read_text()
    for scene, name in ((inspection, "a"), (second, "b")):
        scene.stainless.dataset.folder = str(tmp_path / name)
        addon.context.window.scene = scene
        assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    assert digests(tmp_path / "a", 0) == digests(tmp_path / "b", 0)


def test_a_dataset_draws_from_the_ranges(addon, inspection, tmp_path):
    settings = inspection.stainless
    settings.stain.radius = 0.005
    assert addon.ops.stainless.set_ranges(spread=0.1) == {"FINISHED"}
    settings.dataset.train, settings.dataset.validation, settings.dataset.test = 3, 0, 6
    path = tmp_path / "job.json"
    assert addon.ops.stainless.export_job(filepath=str(path), content="DATASET") == {"FINISHED"}
    job = json.loads(path.read_text())
    validate_job(job, "exported")
    samples = plan_samples(job)
    assert [sample.split for sample in samples] == ["train"] * 3 + ["test"] * 6
    radii = {sample.scene.surface.water_stain.radius for sample in samples}
    assert len(radii) == 9
    assert all(0.0045 <= radius <= 0.0055 for radius in radii)
    assert len({sample.scene.surface.metal.texture_offset for sample in samples}) == 9
    assert {sample.scene.surface.metal.roughness for sample in samples} == {0.14}
    tests = [sample.scene.surface for sample in samples if sample.split == "test"]
    scratches = [scratch for surface in tests for scratch in surface.scratches]
    assert len({(scratch.centre_x, scratch.centre_y, scratch.angle, scratch.length) for scratch in scratches}) > 1
    assert all(abs(scratch.centre_x) <= 0.058 and abs(scratch.centre_y) <= 0.048 for scratch in scratches)
    assert not any(surface.scratches for surface in (samples[i].scene.surface for i in range(3)))


def test_a_dataset_is_seen_in_a_grid_of_views(addon, inspection, tmp_path):
    settings = inspection.stainless
    settings.camera.focal_length = 0.035
    settings.placement.shift_x = 0.03  # where the scene looks now is not where the robot goes
    dataset = settings.dataset
    dataset.train, dataset.validation, dataset.test = 0, 0, 1
    dataset.views, dataset.columns, dataset.rows, dataset.overlap = "grid", 3, 2, 0.05
    path = tmp_path / "job.json"
    assert addon.ops.stainless.export_job(filepath=str(path), content="DATASET") == {"FINISHED"}
    job = json.loads(path.read_text())
    validate_job(job, "exported")
    samples = plan_samples(job)
    assert [sample.view for sample in samples] == ["r1c1", "r1c2", "r1c3", "r2c1", "r2c2", "r2c3"]
    assert samples[0].scene.pose.x == -samples[2].scene.pose.x < 0


def test_defects_are_drawn_anew_by_their_seed_and_leave_without_a_trace(addon, inspection):
    from blender_addon.settings.description import description_of

    settings = inspection.stainless
    clean = description_of(settings)
    groups = len(addon.data.node_groups)
    settings.defects.scratches = 2
    first = description_of(settings).surface.scratches
    settings.defects.scratches = 3
    assert description_of(settings).surface.scratches[:2] == first  # one more leaves the others where they are
    material = settings.plate_object.data.materials
    assert any("Scratch" in node.label for slot in material for node in slot.node_tree.nodes)
    settings.defects.seed = 1
    assert description_of(settings).surface.scratches[:2] != first
    settings.defects.scratches = 0
    assert description_of(settings) == clean
    assert len(addon.data.node_groups) == groups


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "other"}, 'format must be "stainless-job"'),
        ({"finish": "polished"}, 'finish must be one of "brushed", "milled", "sandblasted", not "polished"'),
        ({"water_stain": {"radius": -1.0}}, "water_stain.radius must be at least 1e-06, not -1"),
        ({"water_stain": {"colour": 1.0}}, "unknown key 'water_stain.colour'"),
        ({"plate": {"width": "wide"}}, 'plate.width must be number, not "wide"'),
        ({"image": {"width": 10}}, "image lacks the key 'height'"),
    ],
)
def test_a_job_with_a_mistake_changes_nothing_and_says_so(addon, inspection, tmp_path, change, said):
    path, kept = tmp_path / "job.json", tmp_path / "kept.json"
    addon.ops.stainless.export_job(filepath=str(kept))
    path.write_text(json.dumps({**json.loads(kept.read_text()), **change}))
    with pytest.raises(RuntimeError, match=r"job\.json") as error:
        addon.ops.stainless.import_job(filepath=str(path))
    assert said in str(error.value)
    addon.ops.stainless.export_job(filepath=str(path))
    assert path.read_text() == kept.read_text()


def test_settings_that_contradict_each_other_are_refused_in_words(addon, inspection, tmp_path):
    from blender_addon.settings.changes import problem_of

    settings = inspection.stainless
    settings.stain.radius = 0.019
    settings.stain.radius_variation = 0.5
    assert "do not fit their 20 mm cells: lower Radius or raise Cell Size" in problem_of(inspection)
    settings.dataset.folder = str(tmp_path / "out")
    for operator in (addon.ops.stainless.render_to_folder, addon.ops.stainless.export_job):
        with pytest.raises(RuntimeError, match="do not fit their"):
            operator(**({"filepath": str(tmp_path / "job.json")} if "export" in operator.idname_py() else {}))
    assert not list(tmp_path.rglob("*.png"))
    assert not list(tmp_path.rglob("*.json"))
    settings.stain.radius_variation = settings.stain.radius = 0.0001
    assert problem_of(inspection) is None


def test_a_file_that_was_never_saved_renders_into_the_home_folder(addon, inspection, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert addon.ops.stainless.render_to_folder() == {"FINISHED"}
    assert (tmp_path / "stainless" / "images" / "000000.png").is_file()


def test_the_scene_that_was_there_stays_as_it_was(addon):
    scene = addon.context.scene
    scene.render.engine, scene.render.resolution_x = "BLENDER_WORKBENCH", 333
    before = (scene.render.engine, scene.render.resolution_x, scene.world, len(scene.objects), scene.name)
    addon.ops.stainless.add_inspection_scene()
    assert (scene.render.engine, scene.render.resolution_x, scene.world, len(scene.objects), scene.name) == before
    assert addon.context.window.scene != scene
