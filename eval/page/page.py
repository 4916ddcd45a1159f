"""Report about any number of evaluated runs, as one self-contained HTML file."""

import math
from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from eval.page.curves import coverage_charts, histogram_charts, precision_recall_chart
from eval.page.detection import HEADINGS, pod_charts, pod_tables
from eval.page.drift import drift_of
from eval.page.pictures import (
    MANY_RUNS,
    WORST_OF_FEW,
    WORST_OF_MANY,
    Comparison,
    FullSizePictures,
    PageTile,
    colour_key,
    compare_runs,
    group_by_test_data,
    read_gallery,
    worst_pictures,
)
from eval.page.provenance import provenance_lines
from eval.page.suspects import suspects_of
from eval.page.tables import SCENARIO_COLUMNS, class_columns, class_rows, scenario_rows
from eval.page.visibility import visibility_charts, visibility_tables
from eval.pictures.overlay import FALSE_NEGATIVE_COLOUR, FALSE_POSITIVE_COLOUR, TRUE_POSITIVE_COLOUR
from eval.runs.run_summary import RunSummary, warnings_of
from training.support.page_rendering import render_page
from training.support.user_error import UserError
from training.support.whole_file import write_whole

TEMPLATE = Path(__file__).parent / "templates" / "report.html.j2"
LEGEND = (
    ("true positive: found defect", TRUE_POSITIVE_COLOUR),
    ("false positive: false alarm", FALSE_POSITIVE_COLOUR),
    ("false negative: missed defect", FALSE_NEGATIVE_COLOUR),
)


def build_report(
    runs: Sequence[RunSummary], datasets: Sequence[Path], out: Path, title: str, watched: Sequence[Path] = ()
) -> Path:
    """Write <out>/index.html about the runs, with some plates of each dataset folder and the drift of each watch.

    Returns its path. The page needs no other file and no network. Raises UserError if there is no run, two runs have
    the same name, a picture, a dataset or a watch cannot be read, or the folder cannot be written.
    """
    if not runs:
        raise UserError("a report needs at least one run")
    names = [run.name for run in runs]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise UserError(f"two runs are called {repeated[0]}; give every run a name of its own with --names")
    classes = class_columns(runs)
    groups = group_by_test_data(runs)
    full_size = FullSizePictures()
    comparisons = [compare_runs(group, full_size) for group in groups]
    page = render_page(
        TEMPLATE,
        title=title,
        warnings=warnings_of(runs),
        columns=SCENARIO_COLUMNS,
        scenarios=scenario_rows(runs),
        classes=classes,
        class_rows=class_rows(runs, classes),
        minimum_coverages=sorted({run.results.metrics.minimum_coverage for run in runs}),
        aupro_limits=sorted({run.results.metrics.aupro_limit for run in runs}),
        legend=[(text, "rgb({}, {}, {})".format(*colour)) for text, colour in LEGEND],
        groups=[
            {
                "dataset": group[0].results.dataset,
                "key": colour_key(group[0].results.dataset.classes),
                "comparisons": of_group,
            }
            for group, of_group in zip(groups, comparisons, strict=True)
        ],
        worst=_worst(groups, comparisons, full_size),
        coverage=coverage_charts(runs),
        precision_recall=precision_recall_chart(runs),
        histograms=histogram_charts(runs),
        visibility=visibility_charts(runs),
        visibility_tables=visibility_tables(runs),
        pod=pod_charts(runs),
        pod_headings=HEADINGS,
        pod_tables=pod_tables(runs),
        slider=_slider(runs),
        interval=_interval_description(runs),
        minimum_sizes=sorted({run.results.metrics.minimum_prediction_size for run in runs}),
        suspects=suspects_of(runs),
        drifts=[drift_of(folder) for folder in watched],
        gallery=[read_gallery(root) for root in datasets],
        provenance=[(run.name, provenance_lines(run), _settings(run)) for run in runs],
        data={
            "runs": [
                {
                    "threshold": run.results.model.threshold,
                    "sweep": run.results.curves.sweep,
                }
                for run in runs
            ],
            "pictures": full_size.pictures,
        },
    )
    path = out / "index.html"
    write_whole(path, page)
    return path


def _worst(
    groups: Sequence[Sequence[RunSummary]],
    comparisons: Sequence[Sequence[Comparison]],
    full_size: FullSizePictures,
) -> list[tuple[str, list[tuple[str, list[PageTile]]]]]:
    """Return (name, sections of worst pictures) of every run; runs with the same test data share full-size pictures."""
    limit = WORST_OF_FEW if sum(map(len, groups)) <= MANY_RUNS else WORST_OF_MANY
    by_run = []
    for group, of_group in zip(groups, comparisons, strict=True):
        shared = {comparison.title: comparison.tiles[0].below for comparison in of_group}
        by_run += [(run.name, sections) for run in group if (sections := worst_pictures(run, shared, limit, full_size))]
    return by_run


def _slider(runs: Sequence[RunSummary]) -> dict[str, float] | None:
    """Return the slider's range: steps to either side and steps per octave; None if no run has a threshold sweep."""
    ranges = []
    for run in runs:
        sweep = run.results.curves.sweep
        if sweep and len(sweep["thresholds"]) > 1:
            thresholds = sweep["thresholds"]
            steps = len(thresholds) // 2
            ranges.append((steps, round(steps / math.log2(thresholds[-1] / thresholds[steps]))))
    return {"steps": max(ranges)[0], "per_octave": max(ranges)[1]} if ranges else None


def _interval_description(runs: Sequence[RunSummary]) -> str:
    """Return a description of the intervals in the tables; "" if there are none."""
    intervals = [run.results.metrics.intervals for run in runs]
    shown = [entry for entry in intervals if any(entry.values.values())]
    if not shown:
        return ""
    first, plates = shown[0], ", ".join(str(n) for n in sorted({entry.plates for entry in shown}))
    return f"{100 * first.confidence:g} % intervals, bootstrap over {plates} plates, {first.resamples} resamples"


def _settings(run: RunSummary) -> str:
    return OmegaConf.to_yaml(OmegaConf.create(run.config)) if run.config else ""
