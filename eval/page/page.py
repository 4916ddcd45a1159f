"""The report: one self-contained HTML file about any number of evaluated runs."""

import math
from collections.abc import Sequence
from pathlib import Path

import jinja2
from omegaconf import OmegaConf

from eval.page.curves import coverage_charts, histogram_charts, precision_recall_chart
from eval.page.pictures import (
    MANY_RUNS,
    WORST_OF_FEW,
    WORST_OF_MANY,
    Comparison,
    FullSize,
    Tile,
    by_test_data,
    colour_key,
    compare,
    gallery,
    result_classes,
    worst,
)
from eval.page.provenance import provenance
from eval.page.tables import SCENARIO_COLUMNS, class_columns, class_rows, scenario_rows
from eval.pictures.overlay import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE
from eval.runs.run_summary import RunSummary, warnings_of
from training.support.user_error import UserError
from training.support.whole_file import write_whole

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
    full = FullSize()
    compared = [compare(group, full) for group in groups]
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
                    "comparisons": comparisons,
                }
                for group, comparisons in zip(groups, compared, strict=True)
            ],
            worst=_worst(groups, compared, full),
            coverage=coverage_charts(runs),
            precision_recall=precision_recall_chart(runs),
            histograms=histogram_charts(runs),
            slider=_slider(runs),
            interval=_interval(runs),
            minimum_sizes=sorted({run.results["metrics"]["minimum_prediction_size"] for run in runs}),
            gallery=[gallery(root) for root in datasets],
            provenance=[(run.name, provenance(run), _settings(run)) for run in runs],
            data={
                "runs": [
                    {
                        "threshold": run.results["model"]["threshold"],
                        "sweep": run.results["curves"]["sweep"],
                    }
                    for run in runs
                ],
                "pictures": full.pictures,
            },
        )
    )
    path = out / "index.html"
    write_whole(path, page.encode("utf-8"))
    return path


def _worst(
    groups: Sequence[Sequence[RunSummary]], compared: Sequence[Sequence[Comparison]], full: FullSize
) -> list[tuple[str, list[tuple[str, list[Tile]]]]]:
    """Every run's worst pictures, by its name; runs with the same test data share the pictures below."""
    wanted = WORST_OF_FEW if sum(map(len, groups)) <= MANY_RUNS else WORST_OF_MANY
    found = []
    for group, comparisons in zip(groups, compared, strict=True):
        shared = {comparison.title: comparison.tiles[0].below for comparison in comparisons}
        found += [(run.name, sections) for run in group if (sections := worst(run, shared, wanted, full))]
    return found


def _slider(runs: Sequence[RunSummary]) -> dict[str, float] | None:
    """How far the slider goes: steps to either side, and steps per octave; None where no run was counted so."""
    reach = []
    for run in runs:
        sweep = run.results["curves"]["sweep"]
        if sweep and len(sweep["thresholds"]) > 1:
            thresholds = sweep["thresholds"]
            steps = len(thresholds) // 2
            reach.append((steps, round(steps / math.log2(thresholds[-1] / thresholds[steps]))))
    return {"steps": max(reach)[0], "per_octave": max(reach)[1]} if reach else None


def _interval(runs: Sequence[RunSummary]) -> str:
    """What the intervals under the figures are; "" where there are none."""
    told = [run.results["metrics"]["intervals"] for run in runs]
    shown = [entry for entry in told if any(entry["values"].values())]
    if not shown:
        return ""
    first, plates = shown[0], ", ".join(str(n) for n in sorted({entry["plates"] for entry in shown}))
    return f"{100 * first['confidence']:g} % intervals, bootstrap over {plates} plates, {first['resamples']} resamples"


def _settings(run: RunSummary) -> str:
    return OmegaConf.to_yaml(OmegaConf.create(run.config)) if run.config else ""


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # names come from files
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
