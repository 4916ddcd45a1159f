"""Visibility: exact as two and two pictures give it literally, estimated near it, and labels that depend on it."""

import csv
import dataclasses
import json

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.inspection.scene import apply
from blender_addon.job.definition import job_of
from blender_addon.pictures.masked_picture import Masks
from render_jobs.dataset_tables import write_tables
from render_jobs.kept_groups import KeptGroups
from render_jobs.render_sample import render_sample
from render_jobs.sample_files import open_dataset_folder
from render_jobs.sample_plan import plan_samples
from render_jobs.visibility import CleanPictures, Visibility, estimated_visibility, exact_visibility, with_ignored
from training.data.stainless_layout import open_stainless

pytestmark = pytest.mark.blender


def rendered(job, folder):
    """Render the job's last sample alone; return (sample, record, picture, class mask, instance mask)."""
    sample = plan_samples(job)[-1]
    open_dataset_folder(folder, job, "4.5", 1)
    record = render_sample(sample, folder, KeptGroups(folder), lambda *_: {}, lambda: None)
    files = [folder / record["sample"][part] for part in ("image", "mask", "instances")]
    return sample, record, *(cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in files)


def clean_picture(sample, path, seed):
    """The sample's plate without anything on it, rendered anew with a seed."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene, _ = apply(dataclasses.replace(sample.scene, surface=sample.scene.surface.cleaned()))
    scene.cycles.seed = seed
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    return cv2.imread(str(path)).astype(float)


def literal_part(picture, twin, other, inside):
    """Share of an instance's pixels around which it changes at least as much as the noise, pixel by pixel."""
    visible = []
    for y, x in np.argwhere(inside):
        window = np.s_[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4]
        change, noise = (np.abs(a - b)[window][inside[window]].mean() for a, b in ((picture, twin), (twin, other)))
        visible.append(change >= max(noise, 0.5))
    return np.mean(visible)


def test_visibility_is_exact_in_triplets_and_hides_what_cannot_be_seen(tmp_path, smoke_job):
    smoke_job["triplets"] = True
    sample, record, picture, mask, instances = rendered(smoke_job, tmp_path / "all")
    twin = cv2.imread(str(tmp_path / "all" / record["sample"]["clean"])).astype(float)
    assert np.array_equal(twin, clean_picture(sample, tmp_path / "same.png", 0))
    other = clean_picture(sample, tmp_path / "other.png", 1)
    assert len(record["instances"]) > 5
    literal = []
    for row in record["instances"]:
        inside = instances == row["instance_id"]
        change = np.abs(picture.astype(float) - twin)[inside].mean()
        literal.append(change / max(np.abs(twin - other)[inside].mean(), 0.5))
    assert [row["visibility"] for row in record["instances"]] == pytest.approx(literal, abs=1e-3)
    for row in record["instances"]:
        part = literal_part(picture.astype(float), twin, other, instances == row["instance_id"])
        assert row["visible_part"] == pytest.approx(part, abs=1e-3)
    assert min(literal) < max(literal)

    minimum = float(np.median(literal))
    smoke_job["triplets"] = False
    smoke_job["labels"] = {"visibility": "exact", "minimum_visibility": minimum}
    _, strict, same_picture, strict_mask, same_instances = rendered(smoke_job, tmp_path / "strict")
    assert "clean" not in strict["sample"]
    assert not (tmp_path / "strict" / "clean").exists()
    assert strict["instances"] == record["instances"]
    assert np.array_equal(picture, same_picture)
    assert np.array_equal(instances, same_instances)
    hidden = [row["instance_id"] for row in record["instances"] if row["visibility"] < minimum]
    assert 0 < len(hidden) < len(record["instances"])
    assert np.array_equal(strict_mask, np.where(np.isin(instances, hidden), 255, mask))


def test_the_estimate_stands_in_the_tables_by_default(tmp_path, smoke_job):
    job = smoke_job | {"splits": smoke_job["splits"][-1:]}
    _, record, *_ = rendered(job, tmp_path)
    assert write_tables(tmp_path, job, ["000000"], "4.5")
    with (tmp_path / "instances.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["visibility"] for row in rows] == [
        "" if row["visibility"] is None else str(row["visibility"]) for row in record["instances"]
    ]
    assert sum(row["visibility"] != "" for row in rows) > 3
    assert json.loads((tmp_path / "dataset.json").read_text())["visibility"] == "estimated"
    (sample,) = open_stainless(tmp_path).samples
    assert dict(sample.visibility) == {int(r["instance_id"]): float(r["visibility"]) for r in rows if r["visibility"]}


@pytest.mark.parametrize(("change", "expected"), [(0.0, 0.0), (8.0, 1.25), (30.0, 4.7)])
def test_the_estimate_of_an_even_change_is_the_exact_value(change, expected):
    """Grey noise of deviation 5.6: two pictures differ by 2/sqrt(pi) 5.6 = 6.3 on average."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:90, :120]
    inside = np.hypot(y - 40, (x - 60) / 2) < 14
    instances = inside.astype(np.uint16)
    masks = Masks(np.where(inside, 4, 0).astype(np.uint8), instances, [(4, 1)])
    ramp = 90 + 0.3 * x + 0.2 * y
    same, other = (ramp + rng.normal(0, 5.6, ramp.shape) for _ in range(2))
    greys = (same, other, same + change * inside)
    same, other, altered = (np.repeat(np.rint(grey).astype(np.uint8)[..., None], 3, axis=2) for grey in greys)
    ((exact, part),) = exact_visibility(altered, CleanPictures(same, other), masks)
    assert (part > 0.9) == (expected > 1.2)
    ((estimate, _),) = estimated_visibility(altered, masks)
    assert exact == pytest.approx(expected, rel=0.1, abs=0.02)
    assert estimate == pytest.approx(exact, rel=0.15, abs=0.35)


def test_an_instance_without_surroundings_has_no_estimate_and_keeps_its_label():
    instances = np.ones((20, 20), np.uint16)
    masks = Masks(np.full((20, 20), 6, np.uint8), instances, [(6, 1)])
    visibility = estimated_visibility(np.full((20, 20, 3), 90, np.uint8), masks)
    assert visibility == (Visibility(None),)
    assert (with_ignored(masks, visibility, 5.0).classes == 6).all()


def test_triplets_are_measured_exactly_unless_the_job_says_otherwise(smoke_job):
    assert job_of(smoke_job).visibility == "estimated"
    assert job_of(smoke_job | {"triplets": True}).visibility == "exact"
    assert job_of(smoke_job | {"labels": {"visibility": "exact"}}).visibility == "exact"
    given = smoke_job | {"triplets": True, "labels": {"visibility": "estimated"}}
    assert job_of(given).visibility == "estimated"
    clean = {"name": "train", "plates": 1, "water_stains": False, "scratches": [0, 0], "dents": [0, 0]}
    assert not plan_samples(smoke_job | {"triplets": True, "splits": [clean]})[0].is_visibility_exact
