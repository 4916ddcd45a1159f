"""Recall over visibility in the report: a chart for each run, and a table of counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from eval.metrics.pixel_counts import ratio
from eval.page.curves import PERCENT, Chart, legend_of
from eval.page.line_chart import DOTTED, SOLID, Axis, Line, colour_of, line_chart
from eval.page.tables import NOT_MEASURED, percent
from eval.runs.run_summary import RunSummary


@dataclass(frozen=True)
class VisibilityTable:
    """A run's recall by class and range of visibility: headings, and (class, texts) of each row; and its notes."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    minimum: float
    ignored: int


def visibility_charts(runs: Sequence[RunSummary]) -> list[Chart]:
    """Draw one chart per run with visibilities: defect-wise recall of each class over the visibility."""
    charts = []
    for number, run in enumerate(runs):
        measured = run.results.metrics.visibility
        if measured is None:
            continue
        headings = _headings(measured["edges"])
        places = [(k + 0.5) / len(headings) for k in range(len(headings))]
        lines = []
        for k, entry in enumerate(run.results.metrics.classes):
            colour, dash = colour_of(k)
            recalls = _recalls(measured, entry.name)
            points = tuple((x, y) for x, y in zip(places, recalls, strict=True) if y is not None)
            dash = dash or (DOTTED if entry.kind == "impurity" else SOLID)
            lines.append(Line(entry.name, f"visibility:{number}:{entry.name}", points, colour, dash))
        svg = line_chart(
            f"Defect-wise recall by visibility, {run.name}",
            Axis("visibility (change over noise)", tuple(zip(places, headings, strict=True))),
            Axis("defect-wise recall [%]", PERCENT),
            lines,
        )
        charts.append(Chart(run.name, svg, legend_of(lines)))
    return charts


def visibility_tables(runs: Sequence[RunSummary]) -> list[VisibilityTable]:
    """Return one table per run with visibilities: recall in percent and the number of instances, by class and range."""
    tables = []
    for run in runs:
        measured = run.results.metrics.visibility
        if measured is None:
            continue
        rows = []
        for entry in run.results.metrics.classes:
            counts = zip(_recalls(measured, entry.name), measured["instances"][entry.name], strict=True)
            texts = tuple(NOT_MEASURED if recall is None else f"{percent(recall)} of {n}" for recall, n in counts)
            rows.append((entry.name, texts))
        headings = _headings(measured["edges"])
        tables.append(VisibilityTable(run.name, headings, tuple(rows), measured["minimum"], measured["ignored"]))
    return tables


def _recalls(measured: dict[str, Any], name: str) -> list[float | None]:
    counts = zip(measured["found"][name], measured["instances"][name], strict=True)
    return [ratio(found, instances) for found, instances in counts]


def _headings(edges: Sequence[float]) -> tuple[str, ...]:
    return (*(f"{low:g} to {high:g}" for low, high in pairwise(edges)), f"from {edges[-1]:g}")
