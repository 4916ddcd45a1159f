"""Searches with Optuna over real trainings on tiny pictures, as a user types them; one is killed and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest

from tests.training.small_plates import TINY
from training.search.settings import read_search_settings
from training.support.user_error import UserError

ROOT = Path(__file__).resolve().parents[3]
DEFAULTS = {
    "study": "s",
    "store": "sqlite:///s.db",
    "trials": 3,
    "batch": 1,
    "objective": "validation.f1",
    "direction": "maximize",
    "seed": 0,
    "startup_trials": 5,
    "rungs": None,
    "params": {},
}


def search(folder: Path, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "training.train", "-m", "hydra/sweeper=optuna", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process: subprocess.Popen) -> tuple[int, str]:
    said, _ = process.communicate(timeout=800)
    return process.returncode, said


def study(folder: Path) -> optuna.Study:
    return optuna.load_study(study_name="look", storage=f"sqlite:///{folder}/runs/optuna.db")


def states(folder: Path) -> list[str]:
    if not (folder / "runs" / "optuna.db").exists():
        return []
    try:
        return [trial.state.name for trial in study(folder).trials]
    except Exception:  # the tables are not there yet
        return []


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX has them")
def test_a_killed_search_goes_on_in_the_same_study_and_the_same_trial(tmp_path, stainless_folder):
    varied = ["coreset.size=choice(16,24)", "anomaly_map.blur_sigma=interval(0.5,3.0)", "hydra.sweeper.trials=3"]
    rungs = "hydra.sweeper.rungs={setting: coreset.epochs, values: [1, 2]}"
    call = [
        f"dataset.root={stainless_folder}",
        *TINY[:2],
        "name=look",
        *varied,
        rungs,
        "hydra.sweeper.startup_trials=9",
    ]
    process = search(tmp_path, *call)
    while states(tmp_path) != ["COMPLETE", "RUNNING"]:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = study(tmp_path).trials
    first = tmp_path / "runs" / "look" / "0" / "training.json"
    stamp = first.stat().st_mtime_ns

    status, said = finished(search(tmp_path, *call))
    assert status == 0, said
    assert "Trial 1 was interrupted and goes on" in said
    after = study(tmp_path).trials
    assert [trial.state.name for trial in after] == ["COMPLETE"] * 3
    assert [trial.params for trial in after[:2]] == [trial.params for trial in before]
    assert first.stat().st_mtime_ns == stamp
    for trial in after:
        record = json.loads((tmp_path / "runs" / "look" / str(trial.number) / "training.json").read_text())
        assert trial.value == record["threshold"]["f1"]
        assert record["coreset"]["size"] == int(trial.params["coreset.size"])
        assert record["anomaly_map"]["blur_sigma"] == trial.params["anomaly_map.blur_sigma"]
        assert len(record["coreset"]["epochs"]) == 2
        assert trial.intermediate_values.keys() == {0, 1}
    best = json.loads((tmp_path / "runs" / "look" / "search.json").read_text())["best"]
    assert best["value"] == max(trial.value for trial in after)
    assert best["settings"] == after[best["trial"]].params

    status, said = finished(search(tmp_path, *call))  # all trials are there: nothing is trained again
    assert status == 0
    assert "Launching" not in said
    status, said = finished(search(tmp_path, *call, "hydra.sweeper.objective=validation.recall"))
    assert status == 2
    assert "error: study look was begun with objective maximize validation.f1" in said
    assert "Traceback" not in said


def test_a_failed_trial_and_a_pruned_one_are_counted(tmp_path, stainless_folder):
    """A coreset of 100000 members cannot be filled; judged by its size, 16 is above the median of 8."""
    varied = ["coreset.size=choice(8,16,100000)", "hydra.sweeper.trials=3", "hydra.sweeper.seed=2"]
    rungs = ["hydra.sweeper.rungs={setting: coreset.epochs, values: [1, 2]}", "hydra.sweeper.startup_trials=1"]
    judged = ["hydra.sweeper.objective=coreset.size", "hydra.sweeper.direction=minimize"]
    common = [f"dataset.root={stainless_folder}", *TINY[:2], "name=look"]
    status, said = finished(search(tmp_path, *common, *varied, *rungs, *judged))
    assert status == 2
    assert "1 row of the sweep failed, the others are finished" in said
    trials = study(tmp_path).trials
    assert {trial.params["coreset.size"]: trial.state.name for trial in trials} == {
        "100000": "FAIL",
        "8": "COMPLETE",
        "16": "PRUNED",
    }
    folders = [tmp_path / "runs" / "look" / str(trial.number) for trial in trials[1:]]
    records = [json.loads((folder / "training.json").read_text()) for folder in folders]
    assert [len(record["coreset"]["epochs"]) for record in records] == [
        2,
        1,
    ]  # the pruned one was not trained to the end
    counts = json.loads((tmp_path / "runs" / "look" / "search.json").read_text())["trials"]
    assert counts == {"complete": 1, "pruned": 1, "fail": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["coreset.size=8,9", "hydra.sweeper.objective=test.aupro"], "judged on validation images, never on those of"),
        (["coreset.size=8"], "nothing to search"),
        (["coreset.size=8,9", "hydra.sweeper.store=postgres://x"], "give a SQLite file"),
        (["coreset.size=interval(9,8)"], "an interval goes from a lower to a higher number"),
    ],
)
def test_a_mistake_is_one_line_and_makes_nothing(tmp_path, arguments, words):
    status, said = finished(search(tmp_path, "dataset.root=x", "name=look", *arguments))
    assert status == 2
    assert words in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"objective": "train.f1"}, "never on those of train"),
        ({"direction": "up"}, "none of maximize, minimize"),
        ({"trials": 0}, "no whole number of at least 1"),
        ({"rungs": {"setting": "coreset.epochs", "values": [3, 1]}}, "two rising whole numbers"),
        ({"rungs": {"values": [1, 3]}}, "needs {setting"),
    ],
)
def test_wrong_settings_of_a_search_are_refused(change, words):
    assert read_search_settings(DEFAULTS).trials == 3
    with pytest.raises(UserError, match=words):
        read_search_settings(DEFAULTS | change)
