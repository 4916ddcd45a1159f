"""The job's choice of what draws the water stain: the same labels, nearly the same pictures; no OSL is an error."""

import json

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

import _cycles
import bpy

from blender_addon.definitions import classes
from blender_addon.definitions.classes import IGNORE
from blender_addon.inspection.scene import apply
from render_jobs import renderer_choice
from render_jobs.render_dataset import main
from render_jobs.sample_plan import plan_samples
from tests.render_jobs.worker_process import content, render

pytestmark = pytest.mark.blender

WATER_STAIN = classes.WATER_STAIN.id
LEVELS = 1  # of 255, by which a picture may differ: OSL's power function is an approximation
PIXELS = 1e-3  # the part of a picture's values that may; on the plate's edge a path may miss the light, too


@pytest.fixture
def jobs(tmp_path, smoke_job) -> dict:
    """Two job files, one for each renderer, of a stained plate, one with defects and a clean one."""
    stained, _, inspected = smoke_job["splits"]
    smoke_job["splits"] = [{**stained, "plates": 1}, inspected, {**stained, "plates": 1, "water_stains": False}]
    smoke_job["water_stain"] |= {"rim_intensity": -0.1, "radius_variation": 0.2}
    files = {}
    for renderer in ("nodes", "osl"):
        files[renderer] = tmp_path / f"{renderer}.json"
        files[renderer].write_text(json.dumps({**smoke_job, "stain_renderer": renderer}))
    return files


@pytest.fixture
def osl_job(jobs) -> dict:
    if not _cycles.with_osl:
        pytest.skip("this Blender has no OSL")
    return json.loads(jobs["osl"].read_text())


def pictures(folder, part) -> np.ndarray:
    return np.stack([cv2.imread(str(path), -1).astype(int) for path in sorted((folder / part).iterdir())])


def test_osl_gives_the_same_labels_and_nearly_the_same_pictures(tmp_path, jobs, osl_job):
    for renderer, job in jobs.items():
        done = render(job, tmp_path / renderer)
        assert done.returncode == 0, done.stderr
    nodes, osl = (tmp_path / renderer for renderer in jobs)
    for part in ("masks", "instances"):
        np.testing.assert_array_equal(pictures(nodes, part), pictures(osl, part))
    masks = pictures(osl, "masks")
    assert 0.02 < (masks[:2] == WATER_STAIN).mean() < 0.6
    assert not (masks[2] == WATER_STAIN).any()
    apart = np.abs(pictures(nodes, "images") - pictures(osl, "images"))
    assert apart[masks != IGNORE].max() <= LEVELS
    assert (apart > 0).mean() <= PIXELS
    assert content(osl)["samples.csv"] == content(nodes)["samples.csv"]
    assert json.loads((osl / "dataset.json").read_text())["job"]["stain_renderer"] == "osl"


def test_auto_is_fixed_when_the_dataset_is_begun(tmp_path, osl_job, monkeypatch, capsys):
    """A process that would choose otherwise than the first one continues as that one began, or says that it cannot."""
    osl_job |= {"stain_renderer": "auto", "splits": osl_job["splits"][:2]}
    osl_job["image"] |= {"width": 61, "height": 51, "samples": 1}
    job, out = tmp_path / "auto.json", tmp_path / "out"
    job.write_text(json.dumps(osl_job))
    arguments = ["--job", str(job), "--out", str(out), "--device", "cpu"]
    monkeypatch.setattr(renderer_choice, "OSL_PAYS", 1)
    assert main([*arguments, "--at-most", "1"]) == 0
    assert bpy.context.scene.cycles.shading_system
    monkeypatch.undo()  # such small pictures are cheaper with nodes
    with monkeypatch.context() as without:
        without.setattr(_cycles, "with_osl", False)
        capsys.readouterr()
        assert main(arguments) == 2
        assert "was begun with OSL: this build of Blender" in capsys.readouterr().err
    assert main(arguments) == 0
    assert bpy.context.scene.cycles.shading_system
    assert json.loads((out / "dataset.json").read_text())["stain_renderer"] == "osl"
    assert main(["--job", str(job), "--out", str(tmp_path / "small"), "--device", "cpu"]) == 0
    assert json.loads((tmp_path / "small" / "dataset.json").read_text())["stain_renderer"] == "nodes"
    assert not bpy.context.scene.cycles.shading_system


def test_an_osl_job_is_shaded_by_osl_and_labelled_by_nodes(osl_job):
    for sample in plan_samples(osl_job):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene, annotation = apply(sample.scene)
        assert scene.cycles.shading_system  # of the clean plate, too: it must not differ from a stained one's metal
        assert not annotation.cycles.shading_system
        stained = [
            node.node_tree
            for material in bpy.data.materials
            if material.node_tree and material.name.startswith("Inspected Surface")
            for node in material.node_tree.nodes
            if node.type == "GROUP" and "Reflectance" in node.outputs and "Stain ID" in node.outputs
        ]
        assert bool(stained) == (sample.scene.surface.water_stain is not None)
        assert all("SCRIPT" in {node.type for node in tree.nodes} for tree in stained)


def refusal(tmp_path, job, capsys, *more) -> str:
    """The one line of a job that must be refused before anything is written."""
    assert main(["--job", str(job), "--out", str(tmp_path / "out"), *more]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert not (tmp_path / "out").exists()
    return lines[0]


def test_a_blender_without_osl_says_so(tmp_path, jobs, capsys, monkeypatch):
    monkeypatch.setattr(_cycles, "with_osl", False)  # as Debian's Blender says it
    assert refusal(tmp_path, jobs["osl"], capsys) == (
        f"error: stain_renderer: this build of Blender {bpy.app.version_string} has no Open Shading Language; "
        "use the shader-node water stain instead"
    )
    monkeypatch.undo()


def test_a_device_without_osl_says_so(tmp_path, jobs, capsys, monkeypatch, osl_job):
    card = ("A card", "CUDA", "CUDA_0")  # there is none where this test runs, as a rule
    monkeypatch.setattr(_cycles, "available_devices", lambda backend: [card] if backend == "CUDA" else [])
    words = "OSL runs on the CPU and on OptiX, not on CUDA devices"
    assert words in refusal(tmp_path, jobs["osl"], capsys, "--device", "cuda")


def test_an_unknown_renderer_is_refused_by_the_schema(tmp_path, jobs, capsys):
    jobs["nodes"].write_text(jobs["nodes"].read_text().replace('"nodes"', '"voronoi"'))
    assert "stain_renderer" in refusal(tmp_path, jobs["nodes"], capsys)
