"""The work of the tables with other launchers: rows trained as jobs of a sweep, plates rendered on a Dask cluster."""

import importlib.util
import json
import subprocess
import sys

import pytest

from tests.eval.small_plates import write_dataset
from training.support.entry_point import CONF_FOLDER

ROWS = ("synth", "synth_ft")
SETTINGS = ["extractor=resnet18", "extractor.weights=random", "coreset.size=40", "coreset.epochs=1", "device=cpu"]
ROOT = CONF_FOLDER.parent


def made(folder, name, *more):
    """Make the tables of a few rows into a folder; return them by name."""
    options = ["--real", folder / "real", "--synth", folder, "--out", folder / name, "--rows", *ROWS, "--seeds", "0"]
    arguments = [sys.executable, "scripts/reproduce_tables.py", *options, *more, "--training", *SETTINGS]
    done = subprocess.run([*map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in (folder / name).glob("*.csv")}


@pytest.mark.slow
def test_rows_trained_as_jobs_give_the_tables_of_rows_trained_here(tmp_path):
    write_dataset(tmp_path / "real", ["train"] * 2 + ["validation"] + ["test"] * 2, seed=1)
    write_dataset(tmp_path / "synth", ["train"] * 2, seed=2)
    here = made(tmp_path, "here")
    as_jobs = made(tmp_path, "jobs", "--launcher", "joblib")
    assert as_jobs == here
    assert {"table_1.csv", "table_2.csv", "findings.csv"} <= here.keys()
    stages = json.loads((tmp_path / "jobs" / "times.json").read_text())["stages"]
    assert stages[0]["stage"] == "sweep, seed 0"
    for row in ROWS:  # trained by the sweep, before its evaluation by the program
        logs = (tmp_path / "jobs" / row / "train.log").read_text()
        assert logs.count("Epoch 1: ") == (tmp_path / "here" / row / "train.log").read_text().count("Epoch 1: ") == 1


RENDER = """
import sys
from pathlib import Path
from rich.console import Console
from scripts.tables.renderings import RenderSizes, render_all, rendering
from scripts.tables.stage_clock import StageClock

out = Path(sys.argv[1])
sizes = RenderSizes(width=61, height=51, samples=1, plates=3, common=tuple(sys.argv[2:]))
render_all([rendering("synth_ws", out / "synth_ws", sizes, "light=rot90")], StageClock(out), Console())
"""


@pytest.mark.blender
@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="bpy is not installed (uv sync --group blender)")
def test_a_dataset_of_the_tables_is_the_same_from_a_dask_cluster(tmp_path):
    for name, more in (("here", []), ("dask", ["launcher=dask_local", "dask.shards_per_worker=1"])):
        arguments = [sys.executable, "-c", RENDER, str(tmp_path / name), *more]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stderr
    here, dask = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.png")}
        for name in ("here", "dask")
    )
    assert len(here) >= 3 * 3
    assert dask == here
