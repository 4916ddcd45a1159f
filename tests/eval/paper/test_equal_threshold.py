"""Rows at one threshold: recalls counted by hand from two sweeps with different thresholds."""

from dataclasses import replace

import pytest

from eval.metrics.record import ThresholdCurves
from eval.metrics.settings import BootstrapSettings
from eval.paper.equal_threshold import equal_threshold_table
from eval.paper.measured_row import Measurement
from eval.paper.page import write_paper_tables
from tests.eval.small_results import small_results


def measured(seed, threshold, thresholds, predicted, found):
    """Return an evaluation whose dents (200 pixels, 4 instances) are counted at three thresholds."""
    results = small_results({}, ())
    dent = {"name": "dent", "kind": "defect", "pixels": 200, "predicted": predicted, "instances": 4, "found": [found]}
    empty = {"name": "bump", "kind": "defect", "pixels": 0, "predicted": [0] * 3, "instances": 0, "found": [[0] * 3]}
    sweep = {"thresholds": thresholds, "coverages": [0.0], "classes": [empty, dent]}
    return Measurement(
        seed,
        replace(
            results, model=replace(results.model, threshold=threshold), curves=ThresholdCurves(sweep, [], {"edges": []})
        ),
    )


def test_patches_and_threshold_are_told_apart():
    rows = {
        "synth": (measured(0, 20.0, [10.0, 20.0, 40.0], [180, 160, 100], [4, 3, 2]),),
        "synth_ws": (measured(0, 10.0, [5.0, 10.0, 20.4], [170, 150, 120], [4, 4, 2]),),
    }
    table = equal_threshold_table(rows).set_index(["row", "class", "figure"])
    assert table.index.tolist() == [("synth_ws", "dent", "R_PX"), ("synth_ws", "dent", "R_DW")]
    assert table.loc[("synth_ws", "dent", "R_PX")].tolist() == pytest.approx([80, 60, 75, -20, 15])
    assert table.loc[("synth_ws", "dent", "R_DW")].tolist() == pytest.approx([75, 50, 100, -25, 50])


def test_seeds_are_paired_and_rows_without_a_sweep_are_left_out():
    clean = measured(0, 20.0, [10.0, 20.0, 40.0], [180, 160, 100], [4, 3, 2])
    stained = measured(0, 20.0, [10.0, 20.0, 40.0], [180, 100, 100], [4, 3, 2])
    other = replace(clean, seed=1)
    table = equal_threshold_table({"synth": (clean, other), "synth_ws": (stained,)})
    assert table["clean"].tolist() == pytest.approx([80, 75])
    assert table["stained"].tolist() == pytest.approx([50, 75])
    bare = Measurement(0, small_results({}, ()))
    assert equal_threshold_table({"synth": (bare,), "synth_ws": (bare,)}).empty
    assert equal_threshold_table({"synth": (clean,)}).empty
    beyond = measured(0, 100.0, [50.0, 100.0, 200.0], [180, 100, 100], [4, 3, 2])
    assert equal_threshold_table({"synth": (clean,), "synth_ws": (beyond,)}).empty


def test_the_page_shows_them(tmp_path):
    clean = measured(0, 20.0, [10.0, 20.0, 40.0], [180, 160, 100], [4, 3, 2])
    records = {"coreset": {"size": 7, "epochs": []}, "provenance": {"kind": "train", "parents": [], "datasets": []}}
    clean = replace(clean, results=replace(clean.results, model=replace(clean.results.model, records=records)))
    bootstrap = BootstrapSettings(resamples=10, confidence=0.9, seed=0)
    write_paper_tables({"synth": (clean,), "synth_ws": (clean,)}, [], tmp_path, bootstrap)
    page = (tmp_path / "tables.html").read_text(encoding="utf-8")
    assert "<td>synth_ws, dent</td><td>R_PX</td><td>80.0</td><td>80.0</td>" in page
    assert "synth_ws,dent,R_DW,75.0000,75.0000,75.0000,0.0000,0.0000" in (tmp_path / "equal_threshold.csv").read_text()
