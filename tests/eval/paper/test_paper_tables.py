"""Tests of the paper's tables: published values are consistent, ours are in the right cells, files can be read."""

import io
import re
from dataclasses import replace

import pandas as pd
import pytest

from eval.paper.claims import check_claims
from eval.paper.page import write_paper_tables
from eval.paper.tables import as_csv, as_html, as_latex, paper_table, published_values
from eval.runs.results import Results
from tests.eval.small_results import class_metrics, small_results

CLASSES = ("scratch", "bump", "dent", "water_stain", "fingerprint", "sticker")


def results_of(table_1: dict[str, float] | None, table_2: dict[str, float]) -> Results:
    """Return the results of an experiment with these metrics in percent."""
    classes = [
        class_metrics(
            name,
            "defect" if name in CLASSES[:3] else "impurity",
            None if table_1 is None else table_1[f"{name}.pixel_recall"] / 100,
            None if table_1 is None else table_1[f"{name}.defect_wise_recall"] / 100,
            1,
        )
        for name in CLASSES
    ]
    coreset = {"size": 7, "epochs": [{}, {}]}
    provenance = {"kind": "train", "parents": [], "datasets": [{"name": "<plates>", "train_images": 3}]}
    values = {name: value / 100 for name, value in table_2.items()}
    return small_results(values, tuple(classes), {"coreset": coreset, "provenance": provenance})


def with_value(results: Results, name: str, value: float | None) -> Results:
    """Return the results with another value of a metric, or of the pixel recall of a class."""
    metrics = results.metrics
    if name not in CLASSES:
        return replace(results, metrics=replace(metrics, **{name: value}))
    classes = tuple(replace(e, pixel_recall=value) if e.name == name else e for e in metrics.classes)
    return replace(results, metrics=replace(metrics, classes=classes))


@pytest.fixture
def published_results():
    """Return results of ours that equal the paper's values."""
    first, second = (published_values(number).drop(columns="scenario") for number in (1, 2))
    return {
        row: results_of(first.loc[row].to_dict() if row in first.index else None, second.loc[row].to_dict())
        for row in second.index
    }


def test_the_paper_s_tables_agree_with_themselves():
    first, second = published_values(1), published_values(2)
    precision, recall = second["pixel_precision"], second["pixel_recall"]
    harmonic = 2 * precision * recall / (precision + recall)
    assert (harmonic - second["pixel_f1"]).abs().max() < 0.1  # printed with one decimal each
    means = first[[f"{name}.defect_wise_recall" for name in CLASSES[:3]]].mean(axis=1)
    assert (means - second["mean_defect_wise_recall"].reindex(means.index)).abs().max() < 0.1
    assert (first["scenario"] == second["scenario"].reindex(first.index)).all()


def test_the_paper_s_own_values_give_no_difference_and_its_claims_hold(published_results):
    for number in (1, 2):
        table = paper_table(number, published_results)
        differences = table.xs("difference", level=1)
        assert len(table) == 3 * len(published_values(number))
        assert differences.abs().max().max() < 1e-9
    assert [claim.holds for claim in check_claims(published_results)] == [True, True, True]
    stains, finetuning, melding = check_claims(published_results)
    assert "Synth R_PX 15.3 → WS 5.3" in stains.ours
    gains = [  # table II, row by row
        41.6 - 26.1, 45.6 - 31.2, 41.3 - 29.4, 47.3 - 27.4, 50.3 - 23.3, 49.5 - 27.7, 44.5 - 24.4, 44.5 - 29.4,
    ]  # fmt: skip
    assert finetuning.ours == f"in 8 of 8 rows, by +{sum(gains) / 8:.1f} points on average"
    assert melding.ours.startswith("Melding 52.0, finetuned 50.1 to 52.2, mean 50.9;")


@pytest.mark.parametrize(
    ("row", "change", "claim"),
    [
        ("synth_ws", ("water_stain", 0.9), 0),
        ("synth_dr_ft", ("pixel_precision", 0.2), 1),
        ("melding_ws", ("pixel_f1", 0.493), 2),
    ],
)
def test_one_value_can_contradict_a_claim(published_results, row, change, claim):
    published_results[row] = with_value(published_results[row], *change)
    assert [entry.holds for entry in check_claims(published_results)] == [number != claim for number in range(3)]


def test_what_is_missing_is_not_measured(published_results):
    del published_results["synth_ft"]
    published_results["real"] = with_value(published_results["real"], "mean_defect_wise_recall", None)
    table = paper_table(2, published_results)
    assert table.loc[("Synth (ft)", "ours")].isna().all()
    assert table.loc[("Synth (ft)", "difference")].isna().all()
    assert table.loc[("Synth (ft)", "paper"), "P_PX"] == 41.6
    assert pd.isna(table.loc[("Real", "ours"), "mR_DW"])
    assert table.loc[("Real", "ours"), "P_PX"] == pytest.approx(35.7)
    assert [claim.holds for claim in check_claims(published_results)] == [None, None, None]


def test_the_files_say_what_the_table_says(published_results, tmp_path):
    published_results["synth"] = with_value(published_results["synth"], "pixel_precision", 0.5)
    table = paper_table(2, published_results)
    read = pd.read_csv(io.StringIO(as_csv(table))).set_index(["scenario", "figures"])
    assert read.loc[("Synth", "difference"), "P_PX"] == pytest.approx(50 - 26.1)
    assert read.loc[("Melding_WS", "paper")].tolist() == [53.9, 50.1, 51.9, 91.7]

    latex = as_latex(table, 2, "50 % & a_note")
    assert latex.count(r"\multirow[c]{3}{*}") == 19
    assert r"Synth$_{\mathrm{WS+DR+DA}}$ (ft)" in latex
    assert r"50 \% \& a\_note" in latex
    row = next(line for line in latex.splitlines() if line.startswith(r"\multirow[c]{3}{*}{Synth} "))
    assert row.endswith(r"& ours & 50.0 & 62.7 & 36.8 & 98.4 \\")
    assert r" & difference & +23.9 & +0.0 & +0.0 & +0.0 \\" in latex
    assert len(re.findall(r"(?<!\\)[{]", latex)) == len(re.findall(r"(?<!\\)[}]", latex))

    page = as_html(paper_table(1, published_results), 1)
    assert page.count("<tr>") == 3 + 5 * 3  # two rows of headings, one of names
    assert "Synth<sub>WS</sub> (ft)" in page
    assert ">R<sub>DW</sub></th>" in page


def test_the_page_escapes_names_and_carries_the_notes(published_results, tmp_path):
    paths = write_paper_tables(published_results, ["A <stand-in>."], tmp_path)
    assert sorted(path.name for path in paths) == sorted(path.name for path in tmp_path.iterdir())
    assert len(paths) == 5
    page = (tmp_path / "tables.html").read_text(encoding="utf-8")
    assert "A &lt;stand-in&gt;." in page
    assert "&lt;plates&gt;: 3 images" in page
    assert page.count("<td>yes</td>") == 3
    assert "http" not in page
    assert "A <stand-in>." in (tmp_path / "table_1.tex").read_text(encoding="utf-8")
