"""The coreset benchmark on small images and without anomalib."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from scripts.benchmarks.coreset import KEYS
from scripts.benchmarks.coreset_timing import collected, covering_radius, meld_seconds
from scripts.benchmarks.images import brushed_texture
from tests.eval.metrics.aupro_oracle import literal_aupro
from tests.training.coreset_oracle import canonical, literal_coreset

ROOT = Path(__file__).parents[3]


def test_aupro_of_several_images_is_the_literal_one():
    from scripts.benchmarks.stages import _aupro

    rng = np.random.default_rng(0)
    maps = [rng.integers(1, 40, (24, 20)).astype(np.float32) for _ in range(3)]
    defects = [cv2.blur(rng.random((24, 20)), (5, 5)) > 0.58 for _ in range(3)]
    instances, first = [], 0
    for defect in defects:
        count, regions = cv2.connectedComponents(defect.astype(np.uint8))
        instances.append(np.where(regions > 0, regions + first, 0))
        first += count - 1
    assert first > 3
    stacked = np.concatenate(maps), np.concatenate(instances)
    literal = literal_aupro(*stacked, np.ones(stacked[0].shape, dtype=bool), 0.3)
    assert _aupro(maps, defects) == pytest.approx(literal, abs=1e-6)


def test_what_is_timed_is_the_coreset():
    rng = np.random.default_rng(0)
    images = [rng.normal(size=(40, 5)).astype(np.float32) for _ in range(3)]
    collection, seconds = collected(images, 8, 20, 2)
    members, replacements, _ = literal_coreset(np.concatenate(images), 20, 2)
    np.testing.assert_array_equal(collection.coreset.features, members)
    assert sum(epoch.replacements for epoch in collection.epochs) == len(replacements)
    assert seconds > 0
    radius = max(min(canonical(p, m) for m in members) for image in images for p in image)
    assert covering_radius(images, 8, members) == np.sqrt(radius)
    assert meld_seconds(np.concatenate(images), 10, 3, 2) > 0


def test_textures_are_drawn_from_the_generator():
    first, again, other = (brushed_texture(np.random.default_rng(seed), 60, 80) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5
    assert first.shape == (60, 80, 3)
    grey = first[..., 0].astype(float)
    assert np.abs(np.diff(grey, axis=1)).mean() < np.abs(np.diff(grey, axis=0)).mean() / 2  # grooves along x


@pytest.mark.slow
def test_a_quick_run_fills_the_keys_that_need_no_peer(tmp_path):
    command = [sys.executable, "scripts/benchmark_coreset.py", "--quick", "--json", str(tmp_path / "figures.json")]
    settings = ["--training", "extractor=resnet18", "extractor.weights=random"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, *settings], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measurements = json.loads((tmp_path / "figures.json").read_text())
    assert set(KEYS) <= set(measurements)
    own = [key for key in KEYS if "anomalib" not in key and key != "aupro_ours"]
    assert all(measurements[key] > 0 for key in own)
    assert 0.5 < measurements["radius_over_greedy"] < 2  # both are within a factor of two of the best
    assert all(measurements[key] is None for key in KEYS if key not in own)
    assert "meld_seconds" in done.stdout


def test_a_mistake_is_told_in_one_line(tmp_path):
    command = [sys.executable, "scripts/benchmark_coreset.py", "--quick", "--training", "extractor.weights=missing.pth"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
