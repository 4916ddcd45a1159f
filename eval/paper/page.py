"""Files of the paper's tables: CSV, LaTeX, and one HTML page with the claims and the runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.paper.claims import check_claims
from eval.paper.tables import TITLES, as_csv, as_html, as_latex, paper_table
from eval.runs.results import Results
from training.support.page_rendering import render_page
from training.support.whole_file import write_whole

TEMPLATE = Path(__file__).parent / "paper_tables.html.j2"


def write_paper_tables(results: Mapping[str, Results], notes: Sequence[str], out: Path) -> list[Path]:
    """Write table_1 and table_2 as .csv and .tex, and both as tables.html; return the paths.

    ``results`` maps experiments to their results. Missing experiments are "not measured". The
    notes appear on the page and in the LaTeX captions.
    """
    tables = {number: paper_table(number, results) for number in TITLES}
    paths = []
    for number, table in tables.items():
        for suffix, text in (("csv", as_csv(table)), ("tex", as_latex(table, number, " ".join(notes)))):
            paths.append(out / f"table_{number}.{suffix}")
            write_whole(paths[-1], text.encode("utf-8"))
    page = render_page(
        TEMPLATE,
        title="The paper's tables",
        notes=notes,
        tables=[as_html(table, number) for number, table in tables.items()],
        claims=check_claims(results),
        runs=[_run(experiment, entry) for experiment, entry in results.items()],
    )
    paths.append(out / "tables.html")
    write_whole(paths[-1], page)
    return paths


def _run(experiment: str, results: Results) -> dict[str, Any]:
    coreset, provenance = results.model.records["coreset"], results.model.records["provenance"]
    parents = [Path(parent["path"]).name for parent in provenance["parents"]]
    images = [f"{entry['name']}: {entry['train_images']} images" for entry in provenance["datasets"]]
    return {
        "experiment": experiment,
        "kind": provenance["kind"],
        "size": coreset["size"],
        "epochs": len(coreset["epochs"]),
        "data": "; ".join([*(f"coreset of {name}" for name in parents), *images]),
    }
