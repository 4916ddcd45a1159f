"""Files of the paper's tables: CSV, LaTeX, and one HTML page with the findings and the runs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.metrics.settings import BootstrapSettings
from eval.page.tables import NOT_MEASURED
from eval.paper.equal_threshold import equal_threshold_table
from eval.paper.findings import FEWEST_PLATES, Finding, findings
from eval.paper.findings import as_csv as findings_csv
from eval.paper.measured_row import MeasuredRow, Measurement
from eval.paper.resampled import ResampledRows
from eval.paper.tables import TITLES, as_csv, as_html, as_latex, paper_table, seeds_of_rows, shown_table
from training.support.page_rendering import render_page
from training.support.whole_file import write_whole

TEMPLATE = Path(__file__).parent / "paper_tables.html.j2"


def write_paper_tables(
    rows: Mapping[str, MeasuredRow], notes: Sequence[str], out: Path, bootstrap: BootstrapSettings
) -> list[Path]:
    """Write table_1 and table_2 (.csv, .tex), findings.csv, equal_threshold.csv, all as tables.html; return the paths.

    ``rows`` maps experiments to their measurements. Missing experiments are "not measured". The notes appear on the
    page and in the LaTeX captions. Raises UserError if rows were evaluated on different plates.
    """
    resampled = ResampledRows(rows, bootstrap)
    shown, contents = [], {}
    for number in TITLES:
        table, seeds = paper_table(number, rows, resampled), seeds_of_rows(number, rows)
        shown.append(shown_table(table, seeds))
        contents[f"table_{number}.csv"] = as_csv(table, seeds)
        contents[f"table_{number}.tex"] = as_latex(shown[-1], number, " ".join(notes))
    found = findings(rows, resampled)
    contents["findings.csv"] = findings_csv(found)
    equal = equal_threshold_table(rows)
    contents["equal_threshold.csv"] = str(equal.to_csv(index=False, float_format="%.4f", lineterminator="\n"))
    page = render_page(
        TEMPLATE,
        title="The paper's tables",
        notes=notes,
        tables=[as_html(table, number) for number, table in zip(TITLES, shown, strict=True)],
        findings=[_in_words(entry) for entry in found],
        equal=equal.to_dict("records"),
        plates=len(resampled.plates),
        fewest_plates=FEWEST_PLATES,
        confidence=bootstrap.confidence,
        resamples=bootstrap.resamples,
        runs=[_run(experiment, entry) for experiment, row in rows.items() for entry in row],
    )
    paths = [out / name for name in (*contents, "tables.html")]
    for path, text in zip(paths, [*(text.encode("utf-8") for text in contents.values()), page], strict=True):
        write_whole(path, text)
    return paths


def _in_words(found: Finding) -> dict[str, Any]:
    return {
        "statement": found.statement,
        "part": found.part,
        "measure": found.measure,
        "verdict": found.verdict,
        "effect": _points(found.effect),
        "interval": NOT_MEASURED if math.isnan(found.low) else f"{found.low:+.1f} to {found.high:+.1f}",
        "in_favour": NOT_MEASURED if math.isnan(found.in_favour) else f"{100 * found.in_favour:.1f} %",
        "paper": _points(found.paper),
    }


def _points(value: float) -> str:
    return NOT_MEASURED if math.isnan(value) else f"{value:+.1f}"


def _run(experiment: str, entry: Measurement) -> dict[str, Any]:
    records = entry.results.model.records
    coreset, provenance = records["coreset"], records["provenance"]
    parents = [Path(parent["path"]).name for parent in provenance["parents"]]
    images = [f"{dataset['name']}: {dataset['train_images']} images" for dataset in provenance["datasets"]]
    return {
        "experiment": experiment,
        "seed": entry.seed,
        "kind": provenance["kind"],
        "size": coreset["size"],
        "epochs": len(coreset["epochs"]),
        "data": "; ".join([*(f"coreset of {name}" for name in parents), *images]),
    }
