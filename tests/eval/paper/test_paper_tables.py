"""Tests of the paper's tables: published values are consistent, ours are in the right cells, files can be read."""

import io
import re
from dataclasses import replace

import pandas as pd
import pytest

from eval.metrics.settings import BootstrapSettings
from eval.paper.findings import FAILS, OPEN, UNKNOWN, findings
from eval.paper.measured_row import Measurement
from eval.paper.page import write_paper_tables
from eval.paper.resampled import ResampledRows
from eval.paper.tables import as_csv, as_html, as_latex, paper_table, published_values, seeds_of_rows, shown_table
from eval.runs.results import Results
from tests.eval.small_results import class_metrics, small_results

BOOTSTRAP = BootstrapSettings(resamples=50, confidence=0.9, seed=0)
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
def published_rows():
    """Return rows of ours that equal the paper's values, one seed each, without plates."""
    first, second = (published_values(number).drop(columns="scenario") for number in (1, 2))
    return {
        row: one_seed(results_of(first.loc[row].to_dict() if row in first.index else None, second.loc[row].to_dict()))
        for row in second.index
    }


def one_seed(results: Results) -> tuple[Measurement]:
    return (Measurement(0, results),)


def changed(row, name: str, value: float | None):
    return one_seed(with_value(row[0].results, name, value))


def table_of(number: int, rows) -> pd.DataFrame:
    return paper_table(number, rows, ResampledRows(rows, BOOTSTRAP))


def found_in(rows):
    return [entry for entry in findings(rows, ResampledRows(rows, BOOTSTRAP)) if entry.is_claim]


def test_the_paper_s_tables_agree_with_themselves():
    first, second = published_values(1), published_values(2)
    precision, recall = second["pixel_precision"], second["pixel_recall"]
    harmonic = 2 * precision * recall / (precision + recall)
    assert (harmonic - second["pixel_f1"]).abs().max() < 0.1  # printed with one decimal each
    means = first[[f"{name}.defect_wise_recall" for name in CLASSES[:3]]].mean(axis=1)
    assert (means - second["mean_defect_wise_recall"].reindex(means.index)).abs().max() < 0.1
    assert (first["scenario"] == second["scenario"].reindex(first.index)).all()


def test_the_paper_s_own_values_give_no_difference_and_every_effect_has_the_claim_s_sign(published_rows):
    for number in (1, 2):
        table = table_of(number, published_rows)
        differences = table.xs("difference", level=1)
        assert len(table) == 6 * len(published_values(number))
        assert differences.abs().max().max() < 1e-9
    found = {entry.key: entry for entry in found_in(published_rows)}
    assert len(found) == 11
    assert all(entry.effect == pytest.approx(entry.paper) for entry in found.values())
    assert all(entry.paper > 0 for entry in found.values())
    assert {entry.verdict for entry in found.values()} == {OPEN}  # without plates there is no interval
    gains = [  # table II, row by row
        41.6 - 26.1, 45.6 - 31.2, 41.3 - 29.4, 47.3 - 27.4, 50.3 - 23.3, 49.5 - 27.7, 44.5 - 24.4, 44.5 - 29.4,
    ]  # fmt: skip
    assert found["finetuning_precision"].paper == pytest.approx(sum(gains) / 8)
    assert found["domain_gap"].paper == pytest.approx(47.0 - 36.8)
    assert found["stains_pixels"].paper == pytest.approx((15.3 - 5.3 + 17.6 - 11.6) / 2)
    assert found["dents_instances"].paper == pytest.approx((98.5 - 97.0 + 95.5 - 93.2) / 2)
    assert found["melding"].paper == pytest.approx((52.0 - 50.9 + 51.9 - 51.35) / 2)


def test_what_is_missing_is_not_measured(published_rows):
    del published_rows["synth_ft"]
    published_rows["real"] = changed(published_rows["real"], "mean_defect_wise_recall", None)
    table = table_of(2, published_rows)
    assert table.loc[("Synth (ft)", "ours")].isna().all()
    assert table.loc[("Synth (ft)", "difference")].isna().all()
    assert table.loc[("Synth (ft)", "paper"), "P_PX"] == 41.6
    assert pd.isna(table.loc[("Real", "ours"), "mR_DW"])
    assert table.loc[("Real", "ours"), "P_PX"] == pytest.approx(35.7)
    missing = {entry.key for entry in found_in(published_rows) if entry.verdict == UNKNOWN}
    assert missing == {
        "stains_pixels", "stains_instances", "finetuning_precision", "finetuning_f1", "melding", "dents_pixels",
        "dents_instances",
    }  # fmt: skip


def test_the_files_say_what_the_table_says(published_rows):
    published_rows["synth"] = changed(published_rows["synth"], "pixel_precision", 0.5)
    table, seeds = table_of(2, published_rows), seeds_of_rows(2, published_rows)
    read = pd.read_csv(io.StringIO(as_csv(table, seeds))).set_index(["scenario", "figures"])
    assert read.loc[("Synth", "difference"), "P_PX"] == pytest.approx(50 - 26.1)
    assert read.loc[("Melding_WS", "paper")].tolist() == [1, 53.9, 50.1, 51.9, 91.7]

    latex = as_latex(shown_table(table, seeds), 2, "50 % & a_note")
    assert latex.count(r"\multirow[c]{4}{*}") == 19
    assert r"Synth$_{\mathrm{WS+DR+DA}}$ (ft)" in latex
    assert r"50 \% \& a\_note" in latex
    row = next(line for line in latex.splitlines() if line.startswith(r"\multirow[c]{4}{*}{Synth} "))
    assert row.endswith(r"& ours & 50.0 & 62.7 & 36.8 & 98.4 \\")
    assert r" & difference & +23.9 & +0.0 & +0.0 & +0.0 \\" in latex
    assert len(re.findall(r"(?<!\\)[{]", latex)) == len(re.findall(r"(?<!\\)[}]", latex))

    page = as_html(shown_table(table_of(1, published_rows), seeds_of_rows(1, published_rows)), 1)
    assert page.count("<tr>") == 3 + 5 * 4  # two rows of headings, one of names
    assert "Synth<sub>WS</sub> (ft)" in page
    assert ">R<sub>DW</sub></th>" in page


def test_seeds_have_a_mean_and_a_spread_and_each_row_tells_their_number(published_rows):
    results = published_rows["synth"][0].results
    published_rows["synth"] = tuple(
        Measurement(seed, with_value(results, "pixel_f1", value)) for seed, value in enumerate((0.40, 0.44, 0.45))
    )
    table, seeds = table_of(2, published_rows), seeds_of_rows(2, published_rows)
    assert table.loc[("Synth", "ours"), "F_1,PX"] == pytest.approx(43)
    assert table.loc[("Synth", "spread"), "F_1,PX"] == pytest.approx(7**0.5)
    assert table.loc[("Synth", "spread"), "P_PX"] == pytest.approx(0)
    assert pd.isna(table.loc[("Real", "spread"), "F_1,PX"])
    shown = shown_table(table, seeds)
    assert shown.loc[("Synth, 3 seeds", "ours"), "F_1,PX"] == "43.0 ± 2.6"
    assert shown.loc[("Real", "ours"), "F_1,PX"] == "47.0"
    read = pd.read_csv(io.StringIO(as_csv(table, seeds))).set_index(["scenario", "figures"])
    assert (read.loc[("Synth", "ours"), "seeds"], read.loc[("Real", "ours"), "seeds"]) == (3, 1)
    assert r"43.0 $\pm$ 2.6" in as_latex(shown, 2, "")


def test_the_page_escapes_names_and_carries_the_notes(published_rows, tmp_path):
    paths = write_paper_tables(published_rows, ["A <stand-in>."], tmp_path, BOOTSTRAP)
    assert sorted(path.name for path in paths) == sorted(path.name for path in tmp_path.iterdir())
    assert len(paths) == 7
    page = (tmp_path / "tables.html").read_text(encoding="utf-8")
    assert "A &lt;stand-in&gt;." in page
    assert "&lt;plates&gt;: 3 images" in page
    assert page.count(f"<td>{OPEN}</td>") == len(pd.read_csv(tmp_path / "findings.csv"))
    assert FAILS.capitalize() in page
    assert "http" not in page
    assert "A <stand-in>." in (tmp_path / "table_1.tex").read_text(encoding="utf-8")
