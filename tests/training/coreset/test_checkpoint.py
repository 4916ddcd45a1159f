"""Interrupted runs continue to the same bits as uninterrupted ones."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

from tests.training.configured import train_run
from tests.training.small_plates import TINY, compose_config
from training.coreset.checkpoint import Checkpoint
from training.runs import training_run
from training.support.user_error import UserError

KILLED = """
import os, signal, sys
from training.support import whole_file
from training.coreset.sequential import SequentialCoreset
from training.train import train
from training.support.entry_point import run

place, left = sys.argv.pop(1), [int(sys.argv.pop(1))]

def dying(function):
    def called(*arguments):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return called

if place == "update":
    SequentialCoreset.update = dying(SequentialCoreset.update)
else:
    whole_file.os.fsync = dying(os.fsync)
run("train", train)
"""


def trained(root, run, *overrides):
    return train_run(compose_config("train", [f"dataset.root={root}", *TINY, "device=cpu", *overrides]), run)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("place", "count", "overrides"),
    [("update", 9, ["coreset.shuffle=true"]), ("write", 4, ["coreset.filling=reservoir", "augment=paper"])],
)
def test_a_killed_training_continues_to_the_same_bits(stainless_folder, tmp_path, place, count, overrides):
    trained(stainless_folder, tmp_path / "whole", *overrides)
    run = tmp_path / "killed"
    settings = [f"dataset.root={stainless_folder}", *TINY, "device=cpu", *overrides]
    command = [sys.executable, "-c", KILLED, place, str(count), *settings, f"hydra.run.dir={run}"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    ended = subprocess.run(
        [*command, "checkpoint.seconds=0"], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not (run / "coreset.safetensors").exists()
    with safe_open(run / "checkpoint.safetensors", framework="numpy") as file:
        state = json.loads(file.metadata()["stainless"])["state"]
    assert 6 * len(state["epochs"]) + state["running"]["images"] == count - 1
    trained(stainless_folder, run, *overrides)
    for name in ("coreset.safetensors",):
        assert (run / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list(run.glob("*checkpoint*")) + list(run.glob(".checkpoint*"))


@pytest.fixture
def broken_meanwhile(stainless_folder, monkeypatch):
    """An image that is damaged after the check, as on a disk that fails."""
    image, check = stainless_folder / "images" / "000004.png", training_run.require_sound

    def damage(*arguments):
        warnings = check(*arguments)
        image.write_bytes(b"nothing")
        return warnings

    monkeypatch.setattr(training_run, "require_sound", damage)
    return image


def test_a_training_stopped_by_a_bad_image_continues_when_it_is_repaired(
    stainless_folder, tmp_path, broken_meanwhile, monkeypatch
):
    content = broken_meanwhile.read_bytes()
    with pytest.raises(UserError, match=r"000004\.png does not decode.*; the state so far is kept"):
        trained(stainless_folder, tmp_path / "run")
    monkeypatch.undo()
    broken_meanwhile.write_bytes(content)
    trained(stainless_folder, tmp_path / "run")
    trained(stainless_folder, tmp_path / "whole")
    whole, continued = (tmp_path / name / "coreset.safetensors" for name in ("whole", "run"))
    assert whole.read_bytes() == continued.read_bytes()


def test_another_run_in_the_same_folder_is_refused_by_what_differs(stainless_folder, tmp_path, broken_meanwhile):
    content = broken_meanwhile.read_bytes()

    def again(*overrides):
        broken_meanwhile.write_bytes(content)
        trained(stainless_folder, tmp_path / "run", *overrides)

    with pytest.raises(UserError, match="does not decode"):
        again()
    for override, field in (
        ("coreset.size=41", r"coreset\.size was 40 and is now 41"),
        ("coreset.shuffle=true", r"coreset\.shuffle was False and is now True"),
        ("extractor.layers=[layer1]", r"extractor\.layers was"),
        ("augment=paper", "augment was {}"),
        ("dataset.max_images=5", r"train images was 6 \(.*\) and is now 5"),
    ):
        with pytest.raises(UserError, match=rf"to another run: {field}"):
            again(override)
    with pytest.raises(UserError, match="does not decode"):
        again("coreset.size=41", "checkpoint.resume=false")


STATE = {"epochs": [], "running": {}}
TENSORS = {name: np.ones((3, 2), dtype=np.float32) for name in ("members", "reservoir")}


def test_a_checkpoint_comes_back_and_a_damaged_one_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors", {"size": 3, "layers": ("a",)}, 0)
    assert checkpoint.load() is None
    checkpoint.save(TENSORS, STATE)
    tensors, state = checkpoint.load()
    assert state == STATE
    np.testing.assert_array_equal(tensors["members"], TENSORS["members"])
    content = checkpoint.path.read_bytes()
    for broken, message in (
        (content[:-3], "cannot be read as a checkpoint"),
        (b"\x80\x04pickled", "cannot be read as a checkpoint"),
        (content[:-4] + b"\0\0\0\0", "do not match the recorded hash"),
        (re.sub(rb"checkpoint(..)", rb"otherpoint\1", content), "otherpoint"),
        (re.sub(rb"version(\W+)2", rb"version\g<1>1", content), "version 1; this program reads"),
        (safetensors.numpy.save(TENSORS), "None version None"),
    ):
        checkpoint.path.write_bytes(broken)
        with pytest.raises(UserError, match=message) as caught:
            checkpoint.load()
        assert "checkpoint.resume=false" in str(caught.value)
    checkpoint.remove()
    assert checkpoint.load() is None


def test_the_time_between_checkpoints(tmp_path):
    assert not Checkpoint(tmp_path / "a", {}, 1000).is_due()
    assert Checkpoint(tmp_path / "a", {}, 0).is_due()
