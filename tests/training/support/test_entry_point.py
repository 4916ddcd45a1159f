"""The real command line, in separate processes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.small_plates import TINY

ROOT = Path(__file__).resolve().parents[3]


def call(module, *overrides, cwd=None):
    command = [sys.executable, "-m", f"training.{module}", *map(str, overrides)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(cwd or ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=cwd or ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("module", ["train", "finetune", "meld", "predict"])
def test_help_teaches(module):
    done = call(module, "--help")
    assert done.returncode == 0
    assert f"python -m training.{module} " in done.stdout
    assert "extractor: " in done.stdout
    assert done.stderr == ""


def test_a_reader_that_has_enough_is_no_mistake():
    piped = f"{sys.executable} -m training.train --help | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", piped], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Train an anomaly detector")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["dataset.root=x", "coreset.sise=3"], "coreset.sise"),
        (["dataset.root=x", "extractor=resnet19"], "mobilenet_v3_large"),
        (["dataset.root=x", "coreset.size=["], "no viable"),
        ([], "dataset.root"),
        (["dataset.root={tmp}/nowhere"], "no dataset at"),
        (["dataset.root={tmp}/nowhere", "paths.runs={tmp}/file"], "cannot use .*file"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(tmp_path, overrides, message):
    (tmp_path / "file").write_text("")
    done = call("train", *[o.replace("{tmp}", str(tmp_path)) for o in overrides], cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert re.search(message, line)


def test_a_run_and_a_sweep_leave_whole_folders(stainless_folder, tmp_path):
    run = call("train", f"dataset.root={stainless_folder}", *TINY, "name=plates", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    folder = tmp_path / "runs" / "plates"
    results = ["coreset.safetensors", "suspects.csv", "train.log", "training.json"]
    assert sorted(p.name for p in folder.iterdir()) == [".hydra", *results]
    assert "Next: python -m eval.evaluate model=runs/plates" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr

    sweep = call(
        "train", "-m", f"dataset.root={stainless_folder}", *TINY, "coreset.size=20,99999,30", "name=s", cwd=tmp_path
    )
    assert sweep.returncode == 2
    (line,) = sweep.stderr.splitlines()
    assert line.startswith("error: 1 row of the sweep failed, the others are finished (row 1: too few patches")
    written = sorted(p.relative_to(tmp_path / "runs" / "s").as_posix() for p in tmp_path.glob("runs/s/*/*.safetensors"))
    # the failed run keeps its state: with more images, the same command continues from there
    assert written == ["0/coreset.safetensors", "1/checkpoint.safetensors", "2/coreset.safetensors"]
