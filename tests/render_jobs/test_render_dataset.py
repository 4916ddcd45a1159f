"""The headless job from outside, as an engineer starts it: whole datasets, kills, mistakes."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import cv2
import jsonschema
import mlcroissant
import numpy as np
import pandas as pd
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts import card
from tests.render_jobs.worker_process import command, content, render

pytestmark = pytest.mark.blender

ROOT = Path(__file__).resolve().parents[2]
CARD = {"README.md", "contact_strip.png", "croissant.json", "metadata.jsonl"}


@pytest.fixture
def job_file(tmp_path, smoke_job) -> Path:
    path = tmp_path / "job.json"
    path.write_text(json.dumps(smoke_job))
    return path


def test_a_job_becomes_a_dataset_folder(tmp_path, job_file, smoke_job):
    out = tmp_path / "smoke"
    done = render(job_file, out)
    assert done.returncode == 0, done.stderr
    assert "4/4" in done.stdout
    assert done.stdout.rstrip().endswith("complete")

    description = json.loads((out / "dataset.json").read_text())
    jsonschema.validate(description, json.loads((ROOT / "conf" / "schemas" / "dataset.schema.json").read_text()))
    assert description["job"] == smoke_job
    assert description["samples"] == 4
    assert description["metres_per_pixel"] == pytest.approx(0.122 / 122)

    samples = pd.read_csv(out / "samples.csv", dtype={"sample_id": str})
    instances = pd.read_csv(out / "instances.csv", dtype={"sample_id": str})
    assert samples["split"].tolist() == ["train", "train", "validation", "test"]
    assert len(content(out)) == 3 * 4 + 3 + len(CARD)
    assert content(out).keys() >= CARD
    read = mlcroissant.Dataset(jsonld=str(out / "croissant.json"))
    assert sum(1 for _ in read.records("samples")) == 4
    names = {c["id"]: c["name"] for c in description["classes"]}
    for row in samples.itertuples():
        image, mask, ids = (cv2.imread(str(out / getattr(row, p)), -1) for p in ("image", "mask", "instances"))
        assert image.shape == (102, 122, 3)
        assert (mask.dtype, ids.dtype) == (np.uint8, np.uint16)
        assert mask.shape == ids.shape == (102, 122)
        assert 60 < image[mask != 255].mean() < 220
        of_image = instances[instances["sample_id"] == row.sample_id]
        assert of_image["instance_id"].tolist() == list(range(1, ids.max() + 1))
        for instance in of_image.itertuples():
            here = ids == instance.instance_id
            assert here.sum() == instance.pixel_area
            assert {names[c] for c in np.unique(mask[here])} == {instance[3]}
        assert np.array_equal(ids == 0, np.isin(mask, [0, 255]))
    test_classes = set(instances[instances["sample_id"] == "000003"]["class"])
    assert test_classes == {"dent", "scratch", "water_stain"}

    # The training side's card, with other readers of pictures and with the masks' classes, has the same bytes.
    before = content(out)
    assert card.main([str(out)]) == 0
    assert content(out) == before

    # A second run has nothing to do and changes nothing; another job may not come in between.
    stamps = {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    assert render(job_file, out).returncode == 0
    assert stamps == {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    smoke_job["image"]["samples"] = 3
    job_file.write_text(json.dumps(smoke_job))
    refused = render(job_file, out)
    assert refused.returncode == 2
    assert (
        refused.stderr.strip()
        == f"error: {out}: holds the samples of another job; choose another folder or delete this one"
    )


@pytest.mark.slow
def test_a_killed_job_goes_on_to_the_same_bytes(tmp_path, job_file):
    assert render(job_file, tmp_path / "undisturbed").returncode == 0
    out = tmp_path / "killed"
    # Killed at a moment of its own each time: while starting, rendering, writing.
    for attempt in range(6):
        process = subprocess.Popen(command(job_file, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
        time.sleep(0.9 + 0.23 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()
        for path in content(out) if out.exists() else ():
            name = Path(path).name
            if name.endswith(".png") and not name.startswith(".part-"):
                assert cv2.imread(str(out / path), -1) is not None, f"{path} is half-written"
    before = {path.name: path.stat().st_mtime_ns for path in (out / ".records").glob("0*.json")}
    assert render(job_file, out).returncode == 0
    assert content(out) == content(tmp_path / "undisturbed")
    assert before.items() <= {p.name: p.stat().st_mtime_ns for p in (out / ".records").glob("0*.json")}.items()


@pytest.mark.slow
def test_ranges_on_several_machines_make_the_same_dataset(tmp_path, job_file):
    assert render(job_file, tmp_path / "whole").returncode == 0
    out = tmp_path / "ranges"
    first = render(job_file, out, "--samples", "2:")
    assert "not complete, samples are missing" in first.stdout
    assert not (out / "dataset.json").exists()
    assert render(job_file, out, "--samples", ":2").returncode == 0
    assert content(out) == content(tmp_path / "whole")


def test_a_damaged_sample_is_rendered_again(tmp_path, job_file):
    out = tmp_path / "smoke"
    assert render(job_file, out, "--samples", "0:1").returncode == 0
    picture = out / "images" / "000000.png"
    before = picture.read_bytes()
    picture.unlink()
    assert render(job_file, out, "--samples", "0:1").returncode == 0
    assert picture.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--samples", "3:9"], "0 <= A <= B <= 4"),
        (["--samples", "7"], "not a range A:B"),
        (["--shard", "3/2"], "--shard 3/2: not a shard I/N"),
        (["--device", "metal"], "--device metal: not on this machine or not in this Blender; there is CPU: "),
        (["--out", "job.json/inside"], "cannot write the dataset folder: Not a directory"),
        (["--out", "."], "neither empty nor a dataset"),
        (["--job", "absent.json"], "absent.json: cannot read the job: No such file or directory"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(tmp_path, job_file, arguments, words):
    done = render(job_file, tmp_path / "out", *arguments)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 2
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert words in lines[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_one_line(tmp_path, job_file):
    out = tmp_path / "locked"
    out.mkdir(mode=0o500)
    done = render(job_file, out)
    assert done.returncode == 2
    assert "cannot write the dataset folder" in done.stderr
