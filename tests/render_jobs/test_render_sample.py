"""One sample's files: with and without a lens between the render and the picture."""

import dataclasses

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

import bpy

from blender_addon.inspection.lens import LensParams
from render_jobs.kept_groups import KeptGroups
from render_jobs.render_sample import render_sample
from render_jobs.sample_files import FOLDERS, RECORDS
from render_jobs.sample_plan import plan_samples
from tests.render_jobs.worker_process import content

pytestmark = pytest.mark.blender


def rendered(tmp_path, sample, name, groups=None):
    """The picture, RGB, and the record."""
    dataset = tmp_path / name
    for folder in (RECORDS, *FOLDERS.values()):
        (dataset / folder).mkdir(parents=True)
    record = render_sample(sample, dataset, groups or KeptGroups(tmp_path), lambda *_: {}, lambda: None)
    left = [path.name for path in dataset.rglob("*.exr")]
    return cv2.imread(str(dataset / "images" / f"{sample.sample_id}.png"), -1), record, left


def test_the_lens_acts_on_the_linear_picture_and_is_recorded(tmp_path, smoke_job):
    smoke_job["views"] = "grid"
    smoke_job["grid"] = {"columns": 2, "rows": 1, "overlap": 0.0}
    sample = plan_samples(smoke_job)[1]
    blenders, record, _ = rendered(tmp_path, sample, "blender")
    assert record["sample"]["view"] == "r1c2"
    assert record["sample"]["lens_exposure"] == 1.0
    assert blenders.shape == (102, 122, 3)

    barely = dataclasses.replace(sample, lens=LensParams(read_noise=1e-9))
    ours, record, left = rendered(tmp_path, barely, "ours")
    assert np.abs(ours.astype(int) - blenders.astype(int)).max() <= 1
    assert record["sample"]["lens_read_noise"] == 1e-9
    assert "000001.exr" not in left

    darker = dataclasses.replace(sample, lens=LensParams(exposure=0.25, blur=2e-4))
    dark, _, _ = rendered(tmp_path, darker, "dark")
    assert dark.mean() < 0.75 * blenders.mean()
    assert (
        np.abs(np.diff(dark[..., 0].astype(int), axis=0)).mean()
        < 0.5 * np.abs(np.diff(blenders[..., 0].astype(int), axis=0)).mean()
    )


def test_groups_kept_from_other_plates_change_no_byte(tmp_path, smoke_job):
    smoke_job["splits"][2] |= {"bumps": [1, 1], "fingerprints": [1, 1], "stickers": [1, 1]}
    plain, _, _, last = plan_samples(smoke_job)
    groups = KeptGroups(tmp_path)
    rendered(tmp_path, plain, "before", groups)  # keeps the stain's groups only
    rendered(tmp_path, last, "first", groups)  # builds the others
    for name, kept in (("again", groups), ("alone", None)):
        rendered(tmp_path, last, name, kept)
        assert content(tmp_path / name) == content(tmp_path / "first")
    names = [group.name for group in bpy.data.node_groups]
    assert len(names) == len(set(names))
