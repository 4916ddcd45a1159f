"""The report: one self-contained HTML file about any number of evaluated runs."""

from collections.abc import Sequence
from pathlib import Path

import jinja2

from eval.overlay import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE
from eval.provenance import provenance
from eval.report_pictures import by_test_data, colour_key, compare, gallery, result_classes, worst
from eval.report_tables import SCENARIO_COLUMNS, class_columns, class_rows, scenario_rows
from eval.run_summary import RunSummary, warnings_of
from training.user_error import UserError
from training.whole_file import write_whole

TEMPLATES = Path(__file__).parent / "templates"
LEGEND = (
    ("true positive: defect, found", TRUE_POSITIVE),
    ("false positive: no defect, but alarmed", FALSE_POSITIVE),
    ("false negative: defect, missed", FALSE_NEGATIVE),
)


def build_report(runs: Sequence[RunSummary], datasets: Sequence[Path], out: Path, title: str) -> Path:
    """Write <out>/index.html about the runs and show a few plates of each dataset folder; return the file's path.

    The file needs no other file and no network. Raises UserError: no run, two runs of one name, a picture or a dataset
    that cannot be read, a folder that cannot be written.
    """
    if not runs:
        raise UserError("a report needs at least one run")
    names = [run.name for run in runs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"two runs are called {twice[0]}; give every run a name of its own with --names")
    classes = class_columns(runs)
    groups = by_test_data(runs)
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            title=title,
            warnings=warnings_of(runs),
            columns=SCENARIO_COLUMNS,
            scenarios=scenario_rows(runs),
            classes=classes,
            class_rows=class_rows(runs, classes),
            minimum_coverages=sorted({run.results["metrics"]["minimum_coverage"] for run in runs}),
            aupro_limits=sorted({run.results["metrics"]["aupro_limit"] for run in runs}),
            legend=[(text, "rgb({}, {}, {})".format(*colour)) for text, colour in LEGEND],
            groups=[
                {
                    "dataset": group[0].results["dataset"],
                    "key": colour_key(result_classes(group[0])),
                    "comparisons": compare(group),
                }
                for group in groups
            ],
            worst=[(run.name, panels) for run in runs if (panels := worst(run))],
            gallery=[gallery(root) for root in datasets],
            provenance=[(run.name, provenance(run)) for run in runs],
        )
    )
    path = out / "index.html"
    write_whole(path, page.encode("utf-8"))
    return path


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # names come from files
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
