"""Line charts as SVG, drawn for paper first; the report's script moves what follows its slider."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 420, 270
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 10, 40
# Okabe and Ito's colours, told apart by most colour-blind eyes too; dashes where there are more lines than colours.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1c2329")
DASHES = ("", "7 3", "2 3")


@dataclass(frozen=True)
class Line:
    """A named line through points (x, y), each in [0, 1]; key names it for the script. mark is a point on it."""

    name: str
    key: str
    points: tuple[tuple[float, float], ...]
    colour: str
    dash: str = ""
    bold: bool = False
    mark: tuple[float, float] | None = None


@dataclass(frozen=True)
class Axis:
    """A title and ticks as (place in [0, 1], text)."""

    title: str
    ticks: tuple[tuple[float, str], ...]


def colour_of(number: int) -> tuple[str, str]:
    """Return (colour, dash) of the number-th line."""
    return COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]


def line_chart(title: str, x: Axis, y: Axis, lines: Sequence[Line], upright: tuple[str, float] | None = None) -> Markup:
    """Return the chart; upright is (key, x) of a dashed vertical line. Names come from files and are escaped."""
    parts = [
        Markup(
            '<svg viewBox="0 0 {w} {h}" role="img" aria-label="{title}" data-left="{left}" data-top="{top}" '
            'data-width="{pw}" data-height="{ph}">'
        ).format(w=WIDTH, h=HEIGHT, title=title, left=LEFT, top=TOP, pw=WIDTH - LEFT - RIGHT, ph=HEIGHT - TOP - BOTTOM)
    ]
    for place, text in x.ticks:
        at = _x(place)
        parts.append(Markup('<path class="axis" d="M{0} {1}V{2}"/>').format(at, TOP, HEIGHT - BOTTOM))
        parts.append(_text(at, HEIGHT - BOTTOM + 14, "middle", text))
    for place, text in y.ticks:
        at = _y(place)
        parts.append(Markup('<path class="axis" d="M{0} {1}H{2}"/>').format(LEFT, at, WIDTH - RIGHT))
        parts.append(_text(LEFT - 5, at + 4, "end", text))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "middle", x.title))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        Markup('<text transform="translate(12 {0}) rotate(-90)" text-anchor="middle">{1}</text>').format(
            middle, y.title
        )
    )
    parts += [_line(line) for line in lines if line.points]
    if upright is not None:
        parts.append(
            Markup('<path class="now" data-line="{0}" d="M{1} {2}V{3}"/>').format(
                upright[0], _x(upright[1]), TOP, HEIGHT - BOTTOM
            )
        )
    return Markup("").join([*parts, Markup("</svg>")])


def _line(line: Line) -> Markup:
    points = " ".join(f"{_x(x)},{_y(y)}" for x, y in line.points)
    drawn = Markup(
        '<polyline class="line{0}" data-line="{1}" points="{2}" stroke="{3}" stroke-dasharray="{4}">'
        "<title>{5}</title></polyline>"
    ).format(" mean" if line.bold else "", line.key, points, line.colour, line.dash, line.name)
    if line.mark is None:
        return drawn
    circle = Markup('<circle data-mark="{0}" cx="{1}" cy="{2}" r="5" fill="{3}"><title>{4}</title></circle>')
    return drawn + circle.format(line.key, _x(line.mark[0]), _y(line.mark[1]), line.colour, line.name)


def _text(x: float, y: float, anchor: str, text: str) -> Markup:
    return Markup('<text x="{0:.1f}" y="{1:.1f}" text-anchor="{2}">{3}</text>').format(x, y, anchor, escape(text))


def _x(place: float) -> float:
    return round(LEFT + place * (WIDTH - LEFT - RIGHT), 1)


def _y(place: float) -> float:
    return round(TOP + (1 - place) * (HEIGHT - TOP - BOTTOM), 1)
