"""Line charts as SVG, for screen and print. The report's script moves the parts that depend on the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 420, 270
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 10, 40
# Okabe and Ito's palette, safe for most kinds of colour blindness; dashes when there are more lines than colours.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1c2329")
SOLID, DASHED, DOTTED = "", "7 3", "2 3"
DASH_STYLES = {SOLID: "solid", DASHED: "dashed", DOTTED: "dotted"}
"""CSS border styles by SVG dash pattern."""


@dataclass(frozen=True)
class Line:
    """A named line through points (x, y), each in [0, 1].

    key identifies the line in the report's script. mark is the centre of a dot that the script moves; dots are centres
    of small ones that stay, such as what a curve was fitted to.
    """

    name: str
    key: str
    points: tuple[tuple[float, float], ...]
    colour: str
    dash: str = SOLID
    bold: bool = False
    mark: tuple[float, float] | None = None
    dots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Axis:
    """An axis with a title and ticks, each (position in [0, 1], text)."""

    title: str
    ticks: tuple[tuple[float, str], ...]


def colour_of(number: int) -> tuple[str, str]:
    """Return (colour, dash pattern) of the line with that number, from 0."""
    return COLOURS[number % len(COLOURS)], tuple(DASH_STYLES)[number // len(COLOURS) % len(DASH_STYLES)]


def line_chart(
    title: str, x: Axis, y: Axis, lines: Sequence[Line], vertical: tuple[str, float] | None = None
) -> Markup:
    """Draw the chart; vertical is (key, x) of a dashed vertical line. Names come from files and are escaped."""
    parts = [
        Markup(
            '<svg viewBox="0 0 {w} {h}" role="img" aria-label="{title}" data-left="{left}" data-top="{top}" '
            'data-width="{pw}" data-height="{ph}">'
        ).format(w=WIDTH, h=HEIGHT, title=title, left=LEFT, top=TOP, pw=WIDTH - LEFT - RIGHT, ph=HEIGHT - TOP - BOTTOM)
    ]
    for position, text in x.ticks:
        at = _x(position)
        parts.append(Markup('<path class="axis" d="M{0} {1}V{2}"/>').format(at, TOP, HEIGHT - BOTTOM))
        parts.append(_text(at, HEIGHT - BOTTOM + 14, "middle", text))
    for position, text in y.ticks:
        at = _y(position)
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
    if vertical is not None:
        parts.append(
            Markup('<path class="now" data-line="{0}" d="M{1} {2}V{3}"/>').format(
                vertical[0], _x(vertical[1]), TOP, HEIGHT - BOTTOM
            )
        )
    return Markup("").join([*parts, Markup("</svg>")])


def _line(line: Line) -> Markup:
    points = " ".join(f"{_x(x)},{_y(y)}" for x, y in line.points)
    drawn = Markup(
        '<polyline class="line{0}" data-line="{1}" points="{2}" stroke="{3}" stroke-dasharray="{4}">'
        "<title>{5}</title></polyline>"
    ).format(" mean" if line.bold else "", line.key, points, line.colour, line.dash, line.name)
    dot = Markup('<circle class="dot" cx="{0}" cy="{1}" r="3.5" fill="{2}"/>')
    drawn += Markup("").join(dot.format(_x(x), _y(y), line.colour) for x, y in line.dots)
    if line.mark is None:
        return drawn
    circle = Markup('<circle data-mark="{0}" cx="{1}" cy="{2}" r="5" fill="{3}"><title>{4}</title></circle>')
    return drawn + circle.format(line.key, _x(line.mark[0]), _y(line.mark[1]), line.colour, line.name)


def _text(x: float, y: float, anchor: str, text: str) -> Markup:
    return Markup('<text x="{0:.1f}" y="{1:.1f}" text-anchor="{2}">{3}</text>').format(x, y, anchor, escape(text))


def _x(position: float) -> float:
    return round(LEFT + position * (WIDTH - LEFT - RIGHT), 1)


def _y(position: float) -> float:
    return round(TOP + (1 - position) * (HEIGHT - TOP - BOTTOM), 1)
