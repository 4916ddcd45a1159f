"""The tables of a few rows with two seeds, as a program that is killed and started again."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from eval.metrics.plate_counts import read_plate_counts
from eval.paper.resampled import metric_percent
from tests.eval.small_plates import write_dataset
from training.support.entry_point import CONF_FOLDER

ROWS = ("real", "synth", "synth_ft")
SETTINGS = ["extractor=resnet18", "extractor.weights=random", "coreset.size=40", "coreset.epochs=1", "device=cpu"]


@pytest.fixture
def folder(tmp_path):
    write_dataset(tmp_path / "real", ["train"] * 4 + ["validation"] * 2 + ["test"] * 6, seed=1)
    write_dataset(tmp_path / "synth", ["train"] * 2, seed=2)
    return tmp_path


def command(folder, *more):
    options = ["--real", folder / "real", "--synth", folder, "--out", folder / "out", "--rows", *ROWS]
    program = ["scripts/reproduce_tables.py", *options, "--seeds", "0", "1", "--training", *SETTINGS, *more]
    return [sys.executable, *map(str, program)]


def models(folder):
    return {path: path.stat().st_mtime_ns for path in folder.glob("out/**/coreset.safetensors")}


@pytest.mark.slow
def test_a_killed_work_goes_on_and_says_its_seeds_times_and_findings(folder):
    process = subprocess.Popen(
        command(folder), cwd=CONF_FOLDER.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    evaluated = folder / "out" / "real" / "evaluation" / "origin.json"
    deadline = time.monotonic() + 600
    while not evaluated.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = models(folder)
    assert evaluated.exists()
    assert folder / "out" / "real" / "coreset.safetensors" in before
    assert not (folder / "out" / "seed_1" / "synth_ft").exists()

    subprocess.run(command(folder), cwd=CONF_FOLDER.parent, check=True)
    after = models(folder)
    assert before.items() <= after.items()
    assert len(after) == 2 * len(ROWS)

    table = pd.read_csv(folder / "out" / "table_2.csv").set_index(["scenario", "figures"])
    figures = [
        json.loads((folder / "out" / seed / "synth_ft" / "evaluation" / "results.json").read_text())["metrics"][
            "pixel_f1"
        ]
        for seed in (".", "seed_1")
    ]
    assert table.loc[("Synth (ft)", "ours"), "seeds"] == 2
    assert table.loc[("Synth (ft)", "ours"), "F_1,PX"] == pytest.approx(50 * sum(figures), abs=1e-3)
    assert table.loc[("Synth (ft)", "spread"), "F_1,PX"] == pytest.approx(100 * np.std(figures, ddof=1), abs=1e-3)
    assert table.loc[("Synth (ft)", "low"), "F_1,PX"] <= table.loc[("Synth (ft)", "high"), "F_1,PX"]
    assert pd.isna(table.loc[("Melding", "ours"), "F_1,PX"])

    counts = read_plate_counts(folder / "out" / "synth_ft" / "evaluation")
    assert len(counts.plates) == 3
    every = np.ones((1, 3), np.int64)
    assert metric_percent(every, counts, "pixel_f1")[0] == pytest.approx(100 * figures[0])

    findings = pd.read_csv(folder / "out" / "findings.csv").set_index(["key", "part"])
    assert findings.loc[("finetuning_precision", "Synth"), "verdict"] in ("holds", "does not hold", "not decided")
    assert findings.loc[("melding", "Melding"), "verdict"] == "not measured"
    times = json.loads((folder / "out" / "times.json").read_text())
    assert {stage["stage"] for stage in times["stages"]} >= {"synth, seed 0", "synth_ft, seed 1"}
    assert list((folder / "out" / "features").glob("*/*.safetensors"))

    subprocess.run(command(folder), cwd=CONF_FOLDER.parent, check=True)
    assert models(folder) == after


def test_bad_input_is_one_line(folder):
    ended = subprocess.run(
        command(folder, "coreset.siz=3"), cwd=CONF_FOLDER.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "coreset.siz" in ended.stderr
    assert not (folder / "out").exists()
