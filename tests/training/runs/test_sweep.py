"""Sweeps over experiments, on the real command line: launchers, kills and failing rows."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from tests.eval.small_plates import write_dataset
from tests.training.small_plates import TINY
from training.runs.sweep_record import SweepRecord

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path):
    """Real and synthetic plates."""
    write_dataset(tmp_path / "real", ["train"] * 2 + ["validation", "test"], seed=1)
    for seed, name in enumerate(("synth", "synth_rot90", "synth_scale2"), start=2):
        write_dataset(tmp_path / name, ["train"] * 2, seed)
    return tmp_path


def command(*overrides):
    return [
        *(sys.executable, "-m", "training.train", "-m"),
        *("paths.real=real", "paths.synth=.", "device=cpu", *TINY, *overrides),
    ]


def environment():
    return {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "OMP_NUM_THREADS": "1"}


def sweep(folder, *overrides):
    return subprocess.run(
        command(*overrides), cwd=folder, env=environment(), capture_output=True, text=True, timeout=240, check=False
    )


def collections(folder):
    """Return the number of first epochs begun in all runs."""
    logs = "".join(path.read_text() for path in folder.glob("runs/*/train.log"))
    return len(re.findall(r"Epoch 1: ", logs))


@pytest.mark.parametrize("launcher", ["sequential", "joblib", "submitit_local"])
def test_what_two_rows_build_on_is_collected_once(folder, launcher):
    done = sweep(folder, "experiment=synth_ft,synth", f"hydra/launcher={launcher}")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert sorted(path.parent.name for path in folder.glob("runs/*/coreset.safetensors")) == ["synth", "synth_ft"]
    assert collections(folder) == 2


def test_a_killed_sweep_continues(folder):
    with subprocess.Popen(command("experiment=real,synth,synth_ft"), cwd=folder, env=environment()) as process:
        limit = time.monotonic() + 120
        while not (folder / "runs" / "synth" / "experiment.json").exists() and time.monotonic() < limit:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    first = (folder / "runs" / "real" / "coreset.safetensors").stat().st_mtime_ns
    assert not (folder / "runs" / "synth_ft" / "coreset.safetensors").exists()
    done = sweep(folder, "experiment=real,synth,synth_ft")
    assert (done.returncode, done.stderr) == (0, "")
    assert "real: complete" in done.stdout
    assert (folder / "runs" / "real" / "coreset.safetensors").stat().st_mtime_ns == first
    assert (folder / "runs" / "synth_ft" / "coreset.safetensors").exists()


def test_failing_rows_are_named_when_the_others_are_finished(folder):
    (folder / "synth_rot90" / "images" / "000001.png").write_bytes(b"no picture")
    done = sweep(folder, "experiment=synth_dr_ft,real,synth_dr,synth_ft")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: 2 rows of the sweep failed, the others are finished (")
    assert re.search(r"synth_dr_ft: synth_dr, which it builds on: .*000001\.png.*; synth_dr: .*000001\.png", line)
    assert sorted(path.parent.name for path in folder.glob("runs/*/coreset.safetensors")) == [
        "real",
        "synth",
        "synth_ft",
    ]

    # the same command finishes them once the mistake is corrected
    write_dataset(folder / "synth_rot90", ["train"] * 2, seed=3)
    mended = sweep(folder, "experiment=synth_dr_ft,real,synth_dr,synth_ft")
    assert (mended.returncode, mended.stderr) == (0, "")
    assert "real: complete" in mended.stdout
    assert (folder / "runs" / "synth_dr_ft" / "coreset.safetensors").exists()


def test_an_experiment_has_its_own_name(folder):
    done = sweep(folder, "experiment=real", "name=mine")
    assert done.returncode == 2
    assert "(real: experiment real cannot be named mine" in done.stderr
    assert not list(folder.glob("runs/*/coreset.safetensors"))


def test_a_kind_without_an_experiment_is_no_sweep(folder):
    done = sweep(folder, "dataset.root=real", "kind=finetune")
    assert done.returncode == 2
    assert "(row 0: kind and builds_on are for experiments" in done.stderr
    assert not list(folder.glob("runs/*/*/coreset.safetensors"))


def test_a_defect_among_the_failures_ends_with_1_and_an_earlier_sweep_is_forgotten(tmp_path, capsys):
    config = OmegaConf.create(
        {
            "hydra": {
                "sweep": {"dir": str(tmp_path)},
                "job": {"num": 4},
                "runtime": {"choices": {"experiment": "real"}},
                "overrides": {"task": ["experiment=real"]},
            }
        }
    )
    record = SweepRecord()
    record.on_multirun_start(config)
    failed = JobReturn()
    failed.status, failed.return_value = JobStatus.FAILED, RuntimeError("out of order")
    record.on_job_end(config, failed)
    assert failed.status == JobStatus.COMPLETED
    with pytest.raises(SystemExit, match=r"^1$"):
        record.on_multirun_end(config)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("the others are finished (real: RuntimeError: out of order)")
    record.on_multirun_start(config)
    record.on_multirun_end(config)  # nothing to report
