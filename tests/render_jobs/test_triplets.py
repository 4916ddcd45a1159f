"""Triplets: a plate altered and clean, equal outside the altered pixels, as a source of anomalies."""

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from render_jobs.kept_groups import KeptGroups
from render_jobs.render_sample import render_sample
from render_jobs.sample_files import FOLDERS, RECORDS, read_record
from render_jobs.sample_plan import plan_samples
from training.anomaly_synthesis.rendered_source import log_ratio

pytestmark = pytest.mark.blender


@pytest.mark.parametrize(("number", "thin"), [(0, False), (-1, True)])
def test_a_twin_differs_in_the_altered_pixels_only(tmp_path, smoke_job, number, thin):
    smoke_job["triplets"] = True
    sample = plan_samples(smoke_job)[number]
    assert sample.has_twin
    for folder in (RECORDS, *FOLDERS.values()):
        (tmp_path / folder).mkdir(parents=True)
    record = render_sample(sample, tmp_path, KeptGroups(tmp_path), lambda *_: {}, lambda: None)
    twin = tmp_path / record["sample"]["clean"]
    altered, sound = (cv2.imread(str(path)) for path in (tmp_path / record["sample"]["image"], twin))
    mask = cv2.imread(str(tmp_path / record["sample"]["mask"]), cv2.IMREAD_UNCHANGED)
    marked = (mask > 0) & (mask < 255)
    around = (
        cv2.dilate(marked.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    )  # the pixel filter is wider than a pixel
    differs = (altered != sound).any(axis=2)
    # a scratch thinner than a pixel, as at this size, shows in pixels that the mask's one sample misses
    beyond = differs & ~around & (mask != 255)  # stains go on into the ignored border
    assert beyond.sum() <= (0.001 * mask.size if thin else 0)
    assert differs[marked].mean() > 0.5
    assert np.abs(log_ratio(sound, altered)[marked]).mean() > 0.02
    assert read_record(tmp_path, sample.sample_id) == record
    twin.unlink()
    assert read_record(tmp_path, sample.sample_id) is None  # an unfinished sample is rendered again


def test_clean_plates_and_other_jobs_have_no_twins(smoke_job):
    assert not any(sample.has_twin for sample in plan_samples(smoke_job))
    clean = {"name": "train", "plates": 1, "water_stains": False, "scratches": [0, 0], "dents": [0, 0]}
    assert not plan_samples(smoke_job | {"triplets": True, "splits": [clean]})[0].has_twin
