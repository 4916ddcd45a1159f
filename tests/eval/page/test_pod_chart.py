"""Probability of detection in the report, from curves that carry a fit."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from eval.metrics.settings import BootstrapSettings
from eval.page.detection import pod_charts, pod_tables
from eval.pod.curve import describe, pod_curve
from eval.pod.record import Pod
from eval.runs.results import from_document, to_document
from eval.runs.run_summary import RunSummary
from tests.eval.pod.simulated_flaws import simulate
from tests.eval.small_results import small_results


def run(name: str, seed: int, kind: str = "defect", quantity: str = "width") -> RunSummary:
    flaws = simulate(np.random.default_rng(seed), plates=25)
    described = describe("scratch", kind, quantity, 0, flaws.sizes, flaws.hits, 25)
    curve = pod_curve(described, flaws.sizes, flaws.hits, flaws.plates, BootstrapSettings(40, 0.95, 0))
    results = replace(small_results({}, ()), pod=Pod((curve,), ("bump",)))
    return RunSummary(name, Path(name), results, {}, {})


def test_pod_chart_has_a_curve_a_bound_and_dots_of_each_run():
    (chart,) = pod_charts([run("first", 1), run("second <b>", 2)])
    assert chart.title == "scratch, width"
    assert [name for name, _, _ in chart.legend] == [
        "first",
        "first, lower 95 % bound",
        "second <b>",
        "second <b>, lower 95 % bound",
    ]
    assert chart.svg.count("<polyline") == 4
    assert chart.svg.count('class="dot"') == 2 * 8
    assert "probability of detection [%]" in chart.svg
    assert "width [mm]" in chart.svg
    assert ">0.1<" in chart.svg
    assert "<b>" not in chart.svg


def test_pod_chart_of_an_impurity_is_about_false_alarms():
    (chart,) = pod_charts([run("first", 1, "impurity", "visibility")])
    assert "probability of a false alarm [%]" in chart.svg
    assert "visibility (change over noise)" in chart.svg


def test_pod_table_tells_sizes_with_their_intervals():
    summary = run("first", 1)
    (table,) = pod_tables([summary])
    curve = summary.results.pod.curves[0]
    ((name, quantity, texts),) = table.rows
    assert (name, quantity, table.without_size) == ("scratch", "width", "bump")
    assert texts[0] == f"{curve.found} of 100"
    assert texts[2].startswith(f"{1000 * curve.a90:.3g} mm (")
    assert texts[3] == f"{1000 * curve.a90_95:.3g} mm"


def test_pod_survives_the_way_through_results_json():
    results = run("first", 1).results
    assert from_document(to_document(results)).pod == results.pod
    assert from_document({**to_document(results), "pod": None}).pod is None
