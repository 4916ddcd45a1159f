"""Plates of render=pod, rendered small: their sizes come out of the job, through instances.csv, into the reader."""

import json
import math

import pandas as pd
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from tests.render_jobs.worker_process import render
from training.data.stainless_layout import open_stainless

pytestmark = pytest.mark.blender


def test_pod_plates_carry_the_sizes_of_their_flaws_and_stains(tmp_path, compose_job):
    job = compose_job("render=pod", "job.image.width=244", "job.image.height=204", "job.image.samples=2")
    counts = {"scratches": [2, 2], "dents": [2, 2], "bumps": [1, 1], "fingerprints": [1, 1], "stickers": [1, 1]}
    job["splits"] = [{"name": "test", "plates": 2, "water_stains": True, **counts}]
    (tmp_path / "job.json").write_text(json.dumps(job))
    out = tmp_path / "pod"
    done = render(tmp_path / "job.json", out)
    assert done.returncode == 0, done.stderr

    table = pd.read_csv(out / "instances.csv", dtype={"sample_id": str})
    for name, parameter in (("scratch", "width"), ("scratch", "length"), ("dent", "radius"), ("dent", "depth")):
        low, high = job[name][parameter]
        values = table.loc[table["class"] == name, parameter]
        assert len(values) > 0
        assert values.between(low, high).all()
    stains = table[table["class"] == "water_stain"]
    pixel = json.loads((out / "dataset.json").read_text())["metres_per_pixel"]
    discs = 2 * (stains["pixel_area"] / math.pi) ** 0.5 * pixel
    assert stains["diameter"].tolist() == pytest.approx(discs.tolist())

    samples = {sample.sample_id: sample for sample in open_stainless(out).samples}
    told = {(key, *size[:2]): size.metres for key, sample in samples.items() for size in sample.sizes}
    quantities = {
        "scratch": {"width": "width", "length": "length"},
        "dent": {"diameter": "radius", "depth": "depth"},
        "bump": {"diameter": "radius", "height": "height"},
        "fingerprint": {"width": "width", "height": "height"},
        "sticker": {"width": "width", "height": "height"},
        "water_stain": {"diameter": "diameter"},
    }
    expected = {
        (row["sample_id"], row["instance_id"], quantity): row[column] * (2 if column == "radius" else 1)
        for row in table.to_dict("records")
        for quantity, column in quantities[row["class"]].items()
    }
    assert told == pytest.approx(expected)
    assert {row["class"] for row in table.to_dict("records")} == set(quantities)
