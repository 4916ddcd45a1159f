"""Charts of the report: coverage curves, precision over recall, histograms of scores."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.metrics.curve_tally import PIXEL_KINDS
from eval.page.line_chart import DASH_STYLES, DOTTED, SOLID, Axis, Line, colour_of, line_chart
from eval.runs.run_summary import RunSummary

PERCENT = tuple((k / 5, f"{20 * k}") for k in range(6))
MEAN = "mean of the defects"
_DECADES = 6  # range of the histograms' logarithmic axis: 1e-6 to 1


@dataclass(frozen=True)
class Chart:
    """A chart and its legend of (name, colour, line style)."""

    title: str
    svg: Markup
    legend: tuple[tuple[str, str, str], ...]


def coverage_charts(runs: Sequence[RunSummary]) -> list[Chart]:
    """Draw one chart per run: defect-wise recall of each class over the minimum coverage (paper, figure 5)."""
    charts = []
    for number, run in enumerate(runs):
        metrics = run.results.metrics
        coverages = metrics.coverages
        if not coverages:
            continue
        places = [k / max(len(coverages) - 1, 1) for k in range(len(coverages))]
        lines = [_mean_line(number, places, metrics.mean_recall_by_coverage)]
        for k, entry in enumerate(metrics.classes):
            colour, dash = colour_of(k)
            dash = dash or (DOTTED if entry.kind == "impurity" else SOLID)
            key = f"coverage:{number}:{entry.name}"
            lines.append(Line(entry.name, key, _points(places, entry.recall_by_coverage), colour, dash))
        ticks = tuple((place, f"{100 * share:g}") for place, share in zip(places, coverages, strict=True))
        svg = line_chart(
            f"Defect-wise recall by coverage, {run.name}",
            Axis("minimum coverage of a found instance [%]", ticks),
            Axis("defect-wise recall [%]", PERCENT),
            lines,
        )
        charts.append(Chart(run.name, svg, legend_of(lines)))
    return charts


def precision_recall_chart(runs: Sequence[RunSummary]) -> Chart | None:
    """Draw one chart of all runs with a dot at each threshold; return None if no run has defect pixels."""
    lines = []
    for number, run in enumerate(runs):
        metrics = run.results.metrics
        points = tuple((x, y) for _, x, y in run.results.curves.precision_recall)
        recall, precision = metrics.pixel_recall, metrics.pixel_precision
        colour, dash = colour_of(number)
        mark = None if recall is None or precision is None else (recall, precision)
        lines.append(Line(run.name, f"precision:{number}", points, colour, dash, mark=mark))
    if not any(line.points for line in lines):
        return None
    svg = line_chart(
        "Pixel precision over pixel recall",
        Axis("pixel recall [%]", PERCENT),
        Axis("pixel precision [%]", PERCENT),
        lines,
    )
    return Chart("Precision over recall", svg, legend_of(lines))


def histogram_charts(runs: Sequence[RunSummary]) -> list[Chart]:
    """Draw one chart per run: shares of the defect, impurity and background pixels over the anomaly score.

    A dashed line marks the threshold.
    """
    return [
        _histogram(number, run)
        for number, run in enumerate(runs)
        if len(run.results.curves.score_histogram["edges"]) > 1
    ]


def _histogram(number: int, run: RunSummary) -> Chart:
    shares = run.results.curves.score_histogram
    edges, threshold = shares["edges"], run.results.model.threshold
    low, high = edges[0], max(edges[-1], threshold)
    span = (high - low) or 1.0
    lines = []
    for kind, colour in zip(PIXEL_KINDS, ("#d55e00", "#0072b2", "#7a858d"), strict=True):
        points: list[tuple[float, float]] = []
        for left, right, share in zip(edges[:-1], edges[1:], shares.get(kind, []), strict=False):
            height = max(0.0, 1 + math.log10(share) / _DECADES) if share > 0 else 0.0
            points += [((left - low) / span, height), ((right - low) / span, height)]
        lines.append(Line(kind, f"histogram:{number}:{kind}", tuple(points), colour))
    svg = line_chart(
        f"Scores of the pixels, {run.name}",
        Axis("anomaly score", tuple((k / 4, f"{low + k / 4 * span:.3g}") for k in range(5))),
        Axis(
            "share of the pixels", tuple((1 - k / _DECADES, f"1e-{k}" if k else "1") for k in range(0, _DECADES + 1, 2))
        ),
        lines,
        vertical=(f"threshold:{number}:{low!r}:{span!r}", min(max((threshold - low) / span, 0.0), 1.0)),
    )
    return Chart(run.name, svg, legend_of([line for line in lines if line.points]))


def _mean_line(number: int, places: Sequence[float], recalls: Sequence[float | None]) -> Line:
    return Line(MEAN, f"coverage:{number}:", _points(places, recalls), "#1c2329", bold=True)


def _points(places: Sequence[float], shares: Sequence[float | None]) -> tuple[tuple[float, float], ...]:
    return tuple((place, share) for place, share in zip(places, shares, strict=True) if share is not None)


def legend_of(lines: Sequence[Line]) -> tuple[tuple[str, str, str], ...]:
    """Return (name, colour, line style) of each line that has points."""
    return tuple((line.name, line.colour, DASH_STYLES[line.dash]) for line in lines if line.points)
