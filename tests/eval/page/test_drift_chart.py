"""The chart of drift in the report, from the files of a watch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from eval.page.drift import drift_of
from eval.page.page import build_report
from eval.runs.run_evaluation import evaluate_run
from eval.runs.run_summary import read_run
from scripts.benchmarks.images import brushed_texture
from training.drift.image_statistics import image_statistics
from training.drift.reference import ReferenceTally
from training.drift.settings import DriftSettings
from training.drift.window import NO_REFERENCE, DriftWindow
from training.service.watch_journal import WatchJournal
from training.support.user_error import UserError

SETTINGS = DriftSettings(window=20, significance=0.001, stability_index=0.25)


def watched(output: Path, pictures: int, darker_from: int | None, reference=True) -> Path:
    """Write the files of a watch as training.watch does, over textures that turn darker."""
    tally = ReferenceTally()
    for number in range(30):
        image = brushed_texture(np.random.default_rng([1, number]), 24, 32)
        tally.add(image, 5.0 + number % 3, nominal=True)
    known = tally.reference() if reference else None
    window = DriftWindow(known, SETTINGS)
    described = {
        "reference": None if known is None else known.document(),
        "settings": vars(SETTINGS),
        "limits": window.limits,
    }
    output.mkdir()
    journal = WatchJournal(output, {}, described, SETTINGS.window)
    for number in range(pictures):
        image = brushed_texture(np.random.default_rng([2, number]), 24, 32)
        if darker_from is not None and number >= darker_from:
            image = (image * 0.7).astype(np.uint8)
        statistics = {**image_statistics(image), "score": 5.0 + number % 3}
        line = {"image": f"{number}.png", "time": f"day {number}", "file": [1, number], "decision": "nominal"}
        journal.add({**line, "error": "", "statistics": statistics, "drift": window.add(statistics).summary()})
    return output


def test_a_drift_is_told_with_its_first_picture_and_drawn(tmp_path):
    shown = drift_of(watched(tmp_path / "line", 60, darker_from=30))
    lines = [json.loads(text) for text in (tmp_path / "line" / "results.jsonl").read_text().splitlines()]
    first = next(line["number"] for line in lines if line["drift"]["state"] == "parted" and line["number"] > 30)
    assert shown.name == "line"
    (text,) = shown.lines
    assert text.startswith("DRIFT: ")
    assert f"since picture {first} of 60 (day {first - 1})" in text
    gaps, *distributions = shown.charts
    names = [name for name, *_ in gaps.legend]
    assert names[:5] == ["brightness", "contrast", "sharpness", "red", "blue"]
    assert names[-1].startswith("limit 0.")
    assert "Distribution of brightness" in [chart.title for chart in distributions]
    reference = json.loads((tmp_path / "line" / "watch.json").read_text())["drift"]["reference"]["values"]
    for name, gap in lines[-1]["drift"]["gaps"].items():
        window = [line["statistics"][name] for line in lines[-SETTINGS.window :]]
        assert gap == pytest.approx(stats.ks_2samp(reference[name], window).statistic, abs=1e-12)
    assert lines[-1]["drift"]["gaps"]["brightness"] > 0.9


def test_a_line_without_drift_a_short_one_and_one_without_reference_are_told(tmp_path):
    steady = drift_of(watched(tmp_path / "a", 25, None))
    assert steady.lines == ["25 pictures: the last ones are like the validation images."]
    assert len(steady.charts) == 1
    short = drift_of(watched(tmp_path / "b", 5, None))
    assert (short.charts, "fewer than the window" in short.lines[0]) == ([], True)
    unknown = drift_of(watched(tmp_path / "c", 25, 5, reference=False))
    assert (unknown.charts, unknown.lines) == ([], [NO_REFERENCE])


def test_any_number_of_pictures_makes_a_chart_of_bounded_size(tmp_path):
    output = watched(tmp_path / "a", 25, None)
    path = output / "results.jsonl"
    last = json.loads(path.read_text().splitlines()[-1])
    with path.open("a") as file:
        for number in range(26, 5000):
            file.write(json.dumps({**last, "number": number}) + "\n")
    (chart,) = drift_of(output).charts
    assert len(str(chart.svg)) < 200_000
    assert drift_of(output).lines[0].startswith("4999 pictures")


def test_the_report_shows_the_drift_and_refuses_other_folders(run_folder, plates, evaluate_settings, tmp_path):
    evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    output = watched(tmp_path / "line <1>", 60, darker_from=30)
    page = build_report([read_run(run_folder)], [], tmp_path / "report", "R", [output]).read_text()
    assert "Drift on the line" in page
    assert "line &lt;1&gt;" in page
    assert "Drift on the line" not in build_report([read_run(run_folder)], [], tmp_path / "other", "R").read_text()
    command = [
        sys.executable,
        "-m",
        "eval.report",
        str(run_folder),
        "--watched",
        str(plates),
        "--out",
        str(tmp_path / "no"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip() == f"error: {plates} holds no results of training.watch: there is no watch.json"
    assert not (tmp_path / "no").exists()
    (output / "results.jsonl").write_text("{}\n")
    with pytest.raises(UserError, match="line 1 is damaged"):
        drift_of(output)
