"""The drift of a watched line for the report: the gaps over the pictures, and the distributions of what parts."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.page.curves import Chart
from eval.page.line_chart import DASH_STYLES, DOTTED, Axis, Line, colour_of, line_chart
from training.drift.window import FILLING, NO_REFERENCE, PARTED, STEADY, UNKNOWN
from training.service.watch_journal import read_watched_folder
from training.support.user_error import UserError

_MOST_POINTS = 400
_LIMIT_COLOUR = "#1c2329"
_SHARES = tuple((k / 4, f"{k / 4:g}") for k in range(5))
_PERCENT = tuple((k / 4, f"{25 * k}") for k in range(5))


@dataclass(frozen=True)
class ShownDrift:
    """A watch: its name, what its last state is, and charts."""

    name: str
    lines: list[str]
    charts: list[Chart]


@dataclass
class _Course:
    """Content of a watch's lines: the states, thinned gaps with the picture's number, the last pictures."""

    pictures: int
    state: str
    parted: list[str]
    parted_since: tuple[int, str] | None
    """Number and time of the first picture of the present drift."""
    ever_parted: list[str]
    gaps: list[tuple[int, dict[str, float]]]
    last: list[dict[str, float]]


def drift_of(folder: Path) -> ShownDrift:
    """Return the drift in the output folder of ``training.watch``. Raises UserError for another or a damaged folder."""
    watched = read_watched_folder(folder)
    try:
        reference, limits = watched.drift["reference"], watched.drift["limits"]
        course = _read_course(watched.lines(), watched.drift["settings"]["window"])
        charts = []
        if reference is not None and course.gaps:
            charts = [_gap_chart(course, limits)]
            shown = course.parted or course.ever_parted
            if len(course.last) > 0:
                charts += [_distribution_chart(name, reference["values"][name], course.last) for name in shown]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder} holds results that cannot be read: {error!r}") from error
    return ShownDrift(folder.resolve().name, _in_words(course, reference is None), charts)


def _read_course(lines: Any, window: int) -> _Course:
    course = _Course(0, FILLING, [], None, [], [], [])
    last: deque[dict[str, float]] = deque(maxlen=window)
    step = 1
    for line in lines:
        course.pictures = line["number"]
        if not line["drift"]:
            continue  # a broken picture
        last.append(line["statistics"])
        before, course.state, course.parted = course.state, line["drift"]["state"], line["drift"]["parted"]
        course.ever_parted += [name for name in course.parted if name not in course.ever_parted]
        if course.state == PARTED and before != PARTED:
            course.parted_since = (line["number"], line["time"])
        if line["drift"]["gaps"] and line["number"] % step == 0:
            course.gaps.append((line["number"], line["drift"]["gaps"]))
            if len(course.gaps) > 2 * _MOST_POINTS:  # any number of pictures in constant memory
                step *= 2
                course.gaps = [entry for entry in course.gaps if entry[0] % step == 0]
    course.last = list(last)
    return course


def _in_words(course: _Course, no_reference: bool) -> list[str]:
    if no_reference or course.state == UNKNOWN:
        return [NO_REFERENCE]
    if course.state == FILLING:
        return [f"{course.pictures} pictures: fewer than the window, so nothing is compared yet."]
    if course.state == PARTED and course.parted_since is not None:
        number, time = course.parted_since
        names = ", ".join(course.parted)
        return [
            f"DRIFT: {names} part from the validation images, since picture {number} of {course.pictures} ({time})."
        ]
    assert course.state == STEADY
    past = f" Earlier, these parted: {', '.join(course.ever_parted)}." if course.ever_parted else ""
    return [f"{course.pictures} pictures: the last ones are like the validation images.{past}"]


def _gap_chart(course: _Course, limits: dict[str, float | None]) -> Chart:
    first, end = course.gaps[0][0], course.gaps[-1][0]
    span = max(end - first, 1)
    lines = []
    for number, name in enumerate(course.gaps[0][1]):
        colour, dash = colour_of(number)
        points = tuple(((at - first) / span, gaps[name]) for at, gaps in course.gaps)
        lines.append(Line(name, f"drift:{name}", points, colour, dash, bold=name in course.parted))
    for limit in sorted({limit for limit in limits.values() if limit is not None}):
        name = f"limit {limit:.2f}"
        lines.append(Line(name, f"drift:{name}", ((0.0, limit), (1.0, limit)), _LIMIT_COLOUR, DOTTED))
    ticks = tuple((k / 4, f"{first + k / 4 * span:.0f}") for k in range(5))
    svg = line_chart("Gaps over the pictures", Axis("picture", ticks), Axis("gap", _SHARES), lines)
    return Chart("Gap of each statistic", svg, _legend(lines))


def _distribution_chart(name: str, reference: Sequence[float], last: Sequence[dict[str, float]]) -> Chart:
    samples = {
        "validation images": np.sort(np.asarray(reference, np.float64)),
        f"last {len(last)} pictures": np.sort([row[name] for row in last]),
    }
    low = min(values[0] for values in samples.values())
    span = max(values[-1] for values in samples.values()) - low or 1.0
    lines = []
    for number, (title, values) in enumerate(samples.items()):
        colour, dash = colour_of(number)
        lines.append(Line(title, f"drift:{name}:{number}", _steps((values - low) / span), colour, dash))
    ticks = tuple((k / 4, f"{low + k / 4 * span:.3g}") for k in range(5))
    svg = line_chart(f"Distribution of {name}", Axis(name, ticks), Axis("pictures below [%]", _PERCENT), lines)
    return Chart(f"Distribution of {name}", svg, _legend(lines))


def _steps(places: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """Return the distribution function of sorted values in [0, 1] as a line of steps."""
    points = [(0.0, 0.0)]
    for number, place in enumerate(places):
        points += [(float(place), number / len(places)), (float(place), (number + 1) / len(places))]
    return (*points, (1.0, 1.0))


def _legend(lines: Sequence[Line]) -> tuple[tuple[str, str, str], ...]:
    return tuple((line.name, line.colour, DASH_STYLES[line.dash]) for line in lines)
