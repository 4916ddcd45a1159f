"""A defect map from training to evaluation, report, prediction and fusion; kills; leaks."""

import json
import os
import signal

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

from eval.page.page import build_report
from eval.runs.run_evaluation import evaluate_run
from eval.runs.run_summary import read_run
from eval.runs.settings import read_settings
from tests.training.configured import predict_run, train_run
from tests.training.runs.small_defect_maps import train_defect_map
from tests.training.small_plates import TINY, compose_config, write_png
from training.data.dataset import read_image
from training.defect_map.learner import Learner
from training.model.load_detector import load_detector
from training.model.settings import ModelOverrides
from training.runs.fuse_run import fuse_run, read_fuse_settings, with_recorded_dataset
from training.support.user_error import UserError

CPU = ModelOverrides("cpu")


def tensors_of(run):
    with safe_open(run / "defect_map.safetensors", framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def evaluated(run, *overrides):
    return evaluate_run(run, read_settings(compose_config("evaluate", [f"model={run}", "device=cpu", *overrides])))


def test_a_defect_map_is_trained_evaluated_reported_and_predicts_as_a_coreset_does(stainless_folder, tmp_path):
    run = tmp_path / "map"
    record = train_defect_map(stainless_folder, run)
    assert sorted(p.name for p in run.iterdir()) == [".hydra", "defect_map.safetensors", "training.json"]
    assert json.loads((run / "training.json").read_text()) == record
    detector = load_detector(run, CPU)
    assert detector.threshold == record["threshold"]["value"]
    assert detector.metadata["provenance"]["datasets"][0]["train_images"] == 6

    results = evaluated(run)
    assert results["metrics"]["images"] == 2
    assert results["model"]["threshold"] == detector.threshold
    page = build_report([read_run(run)], [], tmp_path / "report", "Report").read_text()
    assert "without reconstruction" in page
    assert "Synthetic anomalies" in page

    predict = ["input=" + str(stainless_folder / "images"), "output=" + str(tmp_path / "out"), "device=cpu"]
    predict_run(compose_config("predict", [f"model={run}", *predict]))
    table = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert len(table) == 11
    image = read_image(stainless_folder / "images" / "000009.png")
    wanted = detector.image_score(detector.anomaly_map(image))
    assert table["score"][9] == pytest.approx(wanted)
    scores = pd.read_csv(run / "evaluation" / "scores.csv")
    assert scores["sample_id"].tolist() == [9, 10]


def test_a_training_repeats_to_the_bit_and_depends_on_its_seed(stainless_folder, tmp_path):
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        train_defect_map(stainless_folder, tmp_path / name, f"defect_map.seed={seed}")
    first, again, other = (tensors_of(tmp_path / name) for name in ("first", "again", "other"))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_twenty_kills_end_in_the_same_bits(stainless_folder, tmp_path):
    course = "defect_map.optimisation={steps: 24, crop: 32, batch: 2, warmup_steps: 0}"
    network = "defect_map.architecture={reconstruction: true, reconstruction_channels: [4,8,8]}"
    settings = (course, network, "defect_map.deep_features=copied", "synthesis=mixed", "checkpoint.seconds=0")
    train_defect_map(stainless_folder, tmp_path / "whole", *settings)
    rng, run, kills = np.random.default_rng(4), tmp_path / "killed", 0
    while kills < 20:
        child = os.fork()
        if child == 0:
            _die_within(int(rng.integers(2)), stainless_folder, run, settings, before=kills % 2 == 0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the training ended before it was killed 20 times"
        assert os.WTERMSIG(status) == signal.SIGKILL
        kills += 1
        rng.integers(2)
    train_defect_map(stainless_folder, run, *settings)
    whole, killed = tensors_of(tmp_path / "whole"), tensors_of(run)
    assert all(np.array_equal(whole[name], killed[name]) for name in whole)
    assert not list(run.glob("*checkpoint*"))
    assert not list(run.glob(".checkpoint*"))


def _die_within(steps, root, run, settings, before):
    """Train in this process and kill it: before a step, or after it and before its checkpoint is written."""
    try:
        original, made = Learner.step, []

        def step(self, number, batch):
            if before and len(made) == steps:
                os.kill(os.getpid(), signal.SIGKILL)
            losses = original(self, number, batch)
            made.append(number)
            if not before and len(made) > steps:
                os.kill(os.getpid(), signal.SIGKILL)
            return losses

        Learner.step = step
        train_defect_map(root, run, *settings)
    finally:
        os._exit(1)


def test_a_checkpoint_of_other_settings_is_refused(stainless_folder, tmp_path, monkeypatch):
    def interrupted(self, number, batch):
        if number == 2:
            raise KeyboardInterrupt
        return original(self, number, batch)

    original = Learner.step
    monkeypatch.setattr(Learner, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_defect_map(stainless_folder, tmp_path / "run", "checkpoint.seconds=0")
    monkeypatch.undo()
    with pytest.raises(UserError, match=r"defect_map\.seed was 0 and is now 3"):
        train_defect_map(stainless_folder, tmp_path / "run", "defect_map.seed=3")


def test_a_source_that_shows_a_test_image_is_refused(stainless_folder, tmp_path):
    shown = read_image(stainless_folder / "images" / "000010.png")
    write_png(tmp_path / "pictures" / "harmless.bmp", shown[..., ::-1])
    folder = ("synthesis=folder", f"synthesis.sources.folder={tmp_path / 'pictures'}")
    with pytest.raises(UserError, match=r"harmless\.bmp shows the evaluation image .*000010\.png"):
        train_defect_map(stainless_folder, tmp_path / "run", *folder)
    assert not list((tmp_path / "run").glob("*.safetensors"))


def test_the_file_records_sources_and_the_leak_check(stainless_folder, tmp_path):
    rng = np.random.default_rng(0)
    for number in range(3):
        write_png(tmp_path / "pictures" / f"{number}.png", rng.integers(0, 256, (50, 60, 3), dtype=np.uint8))
    record = train_defect_map(
        stainless_folder, tmp_path / "run", "synthesis=folder", f"synthesis.sources.folder={tmp_path / 'pictures'}"
    )
    assert record["sources"]["folder"]["files"] == 3
    assert record["leak_check"] == {"evaluation_images": 5, "source_files": 3}


def test_a_damaged_file_is_refused(stainless_folder, tmp_path):
    train_defect_map(stainless_folder, tmp_path / "run")
    file = tmp_path / "run" / "defect_map.safetensors"
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        load_detector(tmp_path / "run", CPU)


def test_a_coreset_and_a_defect_map_are_fused(stainless_folder, tmp_path):
    core, defect_map, fused = (tmp_path / name for name in ("core", "map", "fused"))
    cfg = compose_config("train", [f"dataset.root={stainless_folder}", *TINY, "device=cpu"])
    train_run(cfg, core)
    train_defect_map(stainless_folder, defect_map)
    fuse = with_recorded_dataset(compose_config("fuse", [f"sources=[{defect_map},{core}]", "device=cpu"]))
    record = fuse_run(read_fuse_settings(fuse), fused)
    validation = record["fusion"]["validation"]
    assert record["fusion"]["rule"] == max(validation, key=lambda rule: validation[rule])
    for folder in (core, defect_map):  # the fusion needs them no more
        for file in folder.glob("*.safetensors"):
            file.unlink()
    detector = load_detector(fused, CPU)
    assert detector.threshold == record["threshold"]["value"]
    results = evaluated(fused, "dataset=stainless", f"dataset.root={stainless_folder}")
    assert results["metrics"]["pixel_average_precision"] > 0.5
    build_report([read_run(fused)], [], tmp_path / "report", "Report")


def test_a_fusion_needs_two_sources(tmp_path):
    with pytest.raises(UserError, match="at least two sources"):
        read_fuse_settings(compose_config("fuse", ["sources=[a]", "dataset.root=x"]))
