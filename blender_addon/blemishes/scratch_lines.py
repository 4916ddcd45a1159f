"""The lines of a scratch: its path, the line nearest to a point, and the line's profile."""

import math
from dataclasses import dataclass

from ..nodes.shader_graph import Value
from .waves import waves

GROOVE_PART = 0.6  # of the half width; the walls are beyond
FADE = 0.16  # part of the range of the waves over which the pressure falls to 0
CHATTER_SWAY = 0.8  # periods; irregularity of the marks' places
LINE_STEP = 7.31  # between the patterns of neighbouring lines
STRIAE = (2.3, 5.1)  # lines on a half width
LEAST = 1e-9  # keeps a 0 from dividing


@dataclass(frozen=True)
class Line:
    """The line nearest to a point.

    `q` is the distance to it relative to its half width, and `side` is the sign of that distance. `half_width` and
    `depth` are in metres, `widening` and `deepening` their derivatives along the line. `inside` is 1 within the line,
    else 0.
    """

    q: Value
    side: Value
    half_width: Value
    depth: Value
    widening: Value
    deepening: Value
    inside: Value
    pattern: Value


def path_of(u: Value, p: dict[str, Value]) -> tuple[Value, Value]:
    """Return the path's v at u [m] and its derivative."""
    s_per_metre = 2.0 / p["length"]
    turn = (u * 2.0 / p["length"] * p["turns"] + p["phase"]) * math.pi
    irregular, slope = waves(u, p["pattern"], 0.0)
    path = turn.math("SINE") * p["waviness"] + irregular * p["jitter"]
    steepness = turn.math("COSINE") * p["waviness"] * p["turns"] * s_per_metre * math.pi + slope * p["jitter"]
    return path, steepness


def nearest_line(u: Value, from_path: Value, p: dict[str, Value]) -> Line:
    """Return the line whose cell has the point at u, `from_path` [m] from the path."""
    middle = p["parallels"] * 0.5
    index = (from_path / p["gap"] + middle).math("FLOOR").math("MAXIMUM", 0.0).math("MINIMUM", p["parallels"] - 1.0)
    beside = index.math("MINIMUM", 1.0)  # 0 for line 0, which has no deviations
    pattern = p["pattern"] + index * LINE_STEP
    drawn = [(pattern * step).math("FRACT") for step in (0.6180339887, 0.8191725134, 0.2887877113)]
    offset = (index + 0.5 - middle + beside * (drawn[0] - 0.5) * 0.3) * p["gap"]
    from_line = from_path - offset

    part = 1.0 - beside * drawn[1] * 0.5  # of the whole length
    shift = beside * (drawn[2] - 0.5) * (1.0 - part)
    s = (u * 2.0 / p["length"] - shift) / part
    s_squared = s * s
    left = (1.0 - s_squared * s_squared).math("MAXIMUM", 0.0)
    left_change = s_squared * s / left.math("MAXIMUM", LEAST) * (-2.0 / p["length"]) * 4.0 / part
    contact, contact_slope = waves(u, pattern, 1.0)
    share = (contact * 0.5 + 0.5 - p["breaks"] * (1.0 + FADE) + FADE) / FADE
    pressure = share.clamped()
    pressure_change = contact_slope * (0.5 / FADE) * share.at_most(1.0) / pressure.math("MAXIMUM", LEAST)
    sway, sway_slope = waves(u, pattern, 2.0)
    turn = (u / p["chatter_period"] + sway * CHATTER_SWAY) * (2.0 * math.pi)
    turn_slope = (1.0 / p["chatter_period"] + sway_slope * CHATTER_SWAY) * (2.0 * math.pi)
    held = 1.0 - p["chatter"] * (0.5 - turn.math("COSINE") * 0.5)
    held_change = p["chatter"] * turn.math("SINE") * turn_slope * -0.5 / held.math("MAXIMUM", LEAST)
    wide, wide_slope = waves(u, pattern, 3.0)
    deep, deep_slope = waves(u, pattern, 4.0)
    swell, sink = wide * p["variation"] + 1.0, deep * p["variation"] + 1.0

    # The derivatives follow from the relative changes of the factors.
    narrower = 1.0 - beside * drawn[2] * 0.5
    half_width = left.math("SQRT") * p["width"] * 0.5 * swell * narrower * (pressure * held).math("SQRT")
    pressing = pressure_change + held_change
    widening = (left_change + pressing) * 0.5 + wide_slope * p["variation"] / swell.math("MAXIMUM", LEAST)
    greatest = p["depth"].math("MINIMUM", p["depth_limit"] * p["width"]) * narrower
    depth = greatest * pressure * held * sink
    deepening = pressing + deep_slope * p["variation"] / sink.math("MAXIMUM", LEAST)
    distance = abs(from_line)
    inside = distance.at_most(half_width) * abs(s).at_most(1.0) * half_width.math("GREATER_THAN", LEAST)
    return Line(
        q=distance / half_width.math("MAXIMUM", LEAST),
        side=from_line.math("SIGN"),
        half_width=half_width.math("MAXIMUM", LEAST),
        depth=depth,
        widening=half_width * widening,
        deepening=depth * deepening,
        inside=inside,
        pattern=pattern,
    )


def profile_of(line: Line, p: dict[str, Value]) -> tuple[Value, Value]:
    """Return the profile's height relative to the depth, and its slope across the line; both count only inside."""
    q = line.q
    in_groove = q.at_most(GROOVE_PART)
    groove = (q / GROOVE_PART) * (q / GROOVE_PART) - 1.0
    along_wall = (q - GROOVE_PART) / (1.0 - GROOVE_PART)
    wall = along_wall * (1.0 - along_wall) * 4.0 * p["pile_up"]
    profile = in_groove * groove + (1.0 - in_groove) * wall

    groove_slope = q * (2.0 / GROOVE_PART**2)
    wall_slope = (1.0 - along_wall * 2.0) * p["pile_up"] * (4.0 / (1.0 - GROOVE_PART))
    steep = in_groove * groove_slope + (1.0 - in_groove) * wall_slope
    signed = q * line.side
    striae = [((signed * count + line.pattern) * (2.0 * math.pi)).math("SINE") for count in STRIAE]
    fine = (striae[0] + striae[1]) * p["striation"] * in_groove
    return profile, (steep * line.side + fine) * line.depth / line.half_width
