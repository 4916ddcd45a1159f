"""Run folders on the real command line: one owner, whole configurations, nothing left of a refused command."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import logging, sys, time
from pathlib import Path
from training.support.entry_point import run
from training.support.run_folder import own_run_folder
from training.support.user_error import UserError

def task(cfg):
    with own_run_folder(cfg, ("coreset.safetensors",)) as folder:
        logging.getLogger("task").info("seed %d", cfg.coreset.seed)
        if cfg.coreset.seed == 1:
            raise UserError("nothing fits")
        if cfg.coreset.seed == 2:
            (folder / "checkpoint.safetensors").write_text("")
            raise UserError("stopped halfway")
        while not (folder.parent / "go").exists():
            (folder / "checkpoint.safetensors").touch()
            time.sleep(0.05)
        (folder / "coreset.safetensors").write_text(str(cfg.coreset.seed))
run("train", task)
"""


def start(cwd: Path, seed: int, *overrides: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, "dataset.root=x", f"coreset.seed={seed}", *overrides]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(cwd)}
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, told = process.communicate(timeout=120)
    return process.returncode, told


def config(folder: Path) -> str:
    return (folder / ".hydra" / "config.yaml").read_text()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def runs(tmp_path):
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def test_one_name_belongs_to_one_run_at_a_time(tmp_path, runs):
    first = start(tmp_path, 7, "name=2024_01_02")
    limit = time.monotonic() + 100
    while not (runs / "2024_01_02" / "checkpoint.safetensors").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    assert finished(start(tmp_path, 8, "name=2024_01_02")) == (
        2,
        f"error: another run is writing to {runs / '2024_01_02'}; wait for it, or choose another name=\n",
    )
    assert "seed: 7" in config(runs / "2024_01_02")
    (runs / "go").touch()
    assert finished(first) == (0, "")
    assert (runs / "2024_01_02" / "coreset.safetensors").read_text() == "7"
    assert names(runs / "2024_01_02") == [".hydra", "checkpoint.safetensors", "coreset.safetensors", "train.log"]
    assert "seed 7" in (runs / "2024_01_02" / "train.log").read_text()


def test_a_refused_command_leaves_no_folder_and_changes_none(tmp_path, runs):
    assert finished(start(tmp_path, 1, "name=a")) == (2, "error: nothing fits\n")
    assert names(tmp_path) == ["runs"]
    assert names(runs) == []
    assert finished(start(tmp_path, 1, "paths.runs=deep/er", "name=a"))[0] == 2
    assert names(tmp_path) == ["runs"]
    (runs / "go").touch()
    assert finished(start(tmp_path, 3, "name=a")) == (0, "")
    before = {path: path.read_bytes() for path in (runs / "a").rglob("*") if path.is_file()}
    assert finished(start(tmp_path, 1, "name=a"))[0] == 2
    assert {path: path.read_bytes() for path in (runs / "a").rglob("*") if path.is_file()} == before


def test_what_was_collected_is_kept_with_its_configuration(tmp_path, runs):
    assert finished(start(tmp_path, 2, "name=a")) == (2, "error: stopped halfway\n")
    assert names(runs / "a") == [".hydra", "checkpoint.safetensors", "train.log"]
    assert "seed: 2" in config(runs / "a")
