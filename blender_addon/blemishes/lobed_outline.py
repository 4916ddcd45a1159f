"""The outline that dents and bumps share: an ellipse with two and three lobes, in any direction.

In polar coordinates about its centre (rho, theta), after turning by `angle` and stretching v by 1/aspect, the outline
is R = radius (1 + lobes cos(2 theta + lobe_phase) + lobes/2 cos(3 theta - lobe_phase)).
"""

from typing import Protocol

from ..nodes.shader_graph import Value


class LobedParams(Protocol):
    """What an outline needs to be bounded."""

    centre_x: float
    centre_y: float
    radius: float
    lobes: float


def lobed_bounds(params: LobedParams) -> tuple[float, float, float, float]:
    """Return x_min, x_max, y_min, y_max [m] of a box that holds the outline."""
    reach = params.radius * (1 + 1.5 * params.lobes)
    x, y = params.centre_x, params.centre_y
    return x - reach, x + reach, y - reach, y + reach


def lobed_distance(x: Value, y: Value, p: dict[str, Value]) -> Value:
    """Return rho / R of a point: 0 at the centre, 1 on the outline."""
    u, v = own_frame(x, y, p)
    v = v / p["aspect"]
    theta = v.math("ARCTAN2", u)
    lobes = (theta * 2.0 + p["lobe_phase"]).math("COSINE") + (theta * 3.0 - p["lobe_phase"]).math("COSINE") * 0.5
    outline = (lobes * p["lobes"] + 1.0) * p["radius"]
    return (u * u + v * v).math("SQRT") / outline


def own_frame(x: Value, y: Value, p: dict[str, Value]) -> tuple[Value, Value]:
    """Return a point's coordinates along and across a thing with `centre_x`, `centre_y` and `angle`, metres."""
    dx, dy = x - p["centre_x"], y - p["centre_y"]
    cos, sin = p["angle"].math("COSINE"), p["angle"].math("SINE")
    return dx * cos + dy * sin, dy * cos - dx * sin
