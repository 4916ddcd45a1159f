"""Probability of detection in the report: a chart for each class and quantity, and a table for each run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eval.metrics.bootstrap import Interval
from eval.page.curves import PERCENT, Chart, legend_of
from eval.page.line_chart import DASHED, Axis, Line, colour_of, line_chart
from eval.page.tables import NOT_MEASURED
from eval.pod.curve import text_of
from eval.pod.record import VISIBILITY, PodCurve
from eval.runs.run_summary import RunSummary

HEADINGS = ("found", "a50", "a90", "a90/95", "a90/95 of the fit", "notes")
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class PodTable:
    """A run's probability of detection: (class, quantity, texts under HEADINGS) of each row; classes without a size."""

    title: str
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    without_size: str


def pod_charts(runs: Sequence[RunSummary]) -> list[Chart]:
    """Draw one chart for each class and quantity that a run has a fit of, with a curve for each run."""
    titles = dict.fromkeys(
        (curve.class_name, curve.quantity) for run in runs for curve in _curves(run) if len(curve.points) > 1
    )
    return [_chart(runs, *title) for title in titles]


def pod_tables(runs: Sequence[RunSummary]) -> list[PodTable]:
    """Return one table for each run with curves."""
    return [
        PodTable(
            run.name,
            tuple((curve.class_name, curve.quantity, _texts(curve)) for curve in _curves(run)),
            ", ".join(run.results.pod.without_size),
        )
        for run in runs
        if run.results.pod is not None and run.results.pod.curves
    ]


def _curves(run: RunSummary) -> tuple[PodCurve, ...]:
    return run.results.pod.curves if run.results.pod is not None else ()


def _texts(curve: PodCurve) -> tuple[str, ...]:
    def sized(value: float | None, interval: Interval = None) -> str:
        if value is None:
            return NOT_MEASURED
        own = text_of(value, curve.quantity)
        if interval is None:
            return own
        low, high = (text_of(end, curve.quantity).removesuffix(" mm") for end in interval)
        return f"{own} ({low} to {high})"

    return (
        f"{curve.found} of {curve.instances}",
        sized(curve.a50, curve.a50_interval),
        sized(curve.a90, curve.a90_interval),
        sized(curve.a90_95),
        sized(curve.a90_95_fit),
        "; ".join(curve.warnings),
    )


def _chart(runs: Sequence[RunSummary], class_name: str, quantity: str) -> Chart:
    """Draw the runs' curves; dots are found shares, dashes the lower bound of each curve."""
    shown = [
        (number, run.name, curve)
        for number, run in enumerate(runs)
        for curve in _curves(run)
        if (curve.class_name, curve.quantity) == (class_name, quantity) and len(curve.points) > 1
    ]
    low = math.log(min(curve.smallest for _, _, curve in shown))
    high = math.log(max(curve.largest for _, _, curve in shown))

    def place(size: float) -> float:
        return (math.log(size) - low) / (high - low)

    lines = []
    for number, name, curve in shown:
        colour, _ = colour_of(number)
        key = f"pod:{number}:{class_name}:{quantity}"
        fitted = tuple((place(point.size), point.probability) for point in curve.points)
        bound = tuple((place(point.size), point.lower) for point in curve.points)
        dots = tuple((place(share.size), share.share) for share in curve.shares)
        lines.append(Line(name, key, fitted, colour, dots=dots))
        lines.append(Line(f"{name}, lower 95 % bound", f"{key}:lower", bound, colour, DASHED))
    in_millimetres = 1.0 if quantity == VISIBILITY else 1000.0
    ticks = tuple(
        (place(tick / in_millimetres), f"{tick:g}")
        for tick in _ticks(math.exp(low) * in_millimetres, math.exp(high) * in_millimetres)
    )
    event = "a false alarm" if shown[0][2].kind == "impurity" else "detection"
    svg = line_chart(
        f"Probability of {event} by {quantity}, {class_name}",
        Axis("visibility (change over noise)" if quantity == VISIBILITY else f"{quantity} [mm]", ticks),
        Axis(f"probability of {event} [%]", PERCENT),
        lines,
    )
    return Chart(f"{class_name}, {quantity}", svg, legend_of(lines))


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers from low to high: 1, 2 and 5 times powers of ten, or the powers alone if they are many."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = _STEPS if len(exponents) <= 4 else _STEPS[:1]
    return [step * 10.0**exponent for exponent in exponents for step in steps if low <= step * 10.0**exponent <= high]
