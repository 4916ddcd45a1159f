"""Calibration of the stand-in in real Blender, killed and started again, before and after a change."""

import json
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.tables.calibration import Attempt, attempts_table, paper_figures
from training.support.entry_point import CONF_FOLDER

PLATES = [f"job.splits.{number}.{key}=1" for number in range(3) for key in ("plates", "sides")]
SMALL = [*PLATES, "job.grid.columns=3", "job.grid.rows=2", "job.grid.overlap=0"]
SETTINGS = ["extractor=resnet18", "extractor.weights=random", "coreset.size=40", "coreset.epochs=1", "device=cpu"]


def test_near_figures_are_counted_beside_the_paper_s():
    figures = paper_figures()
    assert len(figures) == 12
    assert figures["water_stain.defect_wise_recall"] == 75.9
    shifted = {
        name: value - 11.9 if number < 7 else value + 12.1 for number, (name, value) in enumerate(figures.items())
    }
    unmeasured = {**figures, "scratch.pixel_recall": None}
    table = attempts_table([Attempt("a", (), shifted), Attempt("b", ("x=1", "y=2"), unmeasured)])
    assert table["near"].tolist()[1:] == [7, 11]
    assert table["overrides"].tolist() == ["", "", "x=1 y=2"]


@pytest.mark.blender
@pytest.mark.slow
def test_a_killed_calibration_goes_on_and_a_change_is_compared_with_before(tmp_path):
    options = ["--out", str(tmp_path), "--size", "184", "154", "--samples", "2", "--render-set", *SMALL]
    command = [sys.executable, "scripts/calibrate_standin.py", *options, "--training", *SETTINGS]
    process = subprocess.Popen(command, cwd=CONF_FOLDER.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 600
    while len(_pictures(tmp_path)) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = _pictures(tmp_path)
    assert 3 <= len(before) < 18

    change = ["--set", "job.water_stain.intensity=[-0.4,-0.3]"]
    ended = subprocess.run([*command, *change], cwd=CONF_FOLDER.parent, check=True, capture_output=True, text=True)
    after = _pictures(tmp_path)
    assert before.items() <= after.items()
    assert len(after) == 2 * 18
    assert "as configured: " in ended.stdout
    assert "with overrides: " in ended.stdout
    table = pd.read_csv(tmp_path / "calibration.csv")
    assert table["overrides"].fillna("").tolist() == ["", "", "job.water_stain.intensity=[-0.4,-0.3]"]
    assert table["near"].iloc[1:].between(0, 12).all()
    attempts = json.loads((tmp_path / "attempts.json").read_text())["attempts"]
    assert {(tmp_path / entry["name"] / "real" / "coreset.safetensors").exists() for entry in attempts} == {True}
    assert "pictures of standin_calibration" in (tmp_path / attempts[0]["name"] / "times.json").read_text()


def _pictures(folder):
    """Return the times of finished pictures; the last one may still be written when a work is killed."""
    records = list(folder.glob("*/plates/*/[0-9]*.json"))
    return {path: path.stat().st_mtime_ns for path in records}
