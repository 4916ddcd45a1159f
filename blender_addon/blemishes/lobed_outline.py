"""The outline of dents and bumps: a turned ellipse with two and three lobes.

In polar coordinates about the centre (rho, theta), after turning by `angle` and stretching v by 1/aspect, the outline
is R = radius (1 + lobes cos(2 theta + lobe_phase) + lobes/2 cos(3 theta - lobe_phase)).
"""

from typing import Protocol

from ..nodes.shader_graph import Value


class LobedParams(Protocol):
    """Parameters that bound a lobed outline."""

    @property
    def centre_x(self) -> float:
        """Centre along x in metres."""

    @property
    def centre_y(self) -> float:
        """Centre along y in metres."""

    @property
    def radius(self) -> float:
        """Mean radius along the long axis in metres."""

    @property
    def lobes(self) -> float:
        """Irregularity of the outline."""


def lobed_bounds(params: LobedParams, part: float = 1.0) -> tuple[float, float, float, float]:
    """Return a box around the outline, or around `part` times it: x_min, x_max, y_min, y_max [m]."""
    reach = params.radius * (1 + 1.5 * params.lobes) * part
    x, y = params.centre_x, params.centre_y
    return x - reach, x + reach, y - reach, y + reach


def lobed_distance(x: Value, y: Value, p: dict[str, Value]) -> Value:
    """Return rho / R of a point, 0 at the centre and 1 on the outline."""
    return lobed_place(*own_frame(x, y, p), p)


def lobed_place(u: Value, v: Value, p: dict[str, Value]) -> Value:
    """Return rho / R of a point in the blemish's own frame."""
    v = v / p["aspect"]
    theta = v.math("ARCTAN2", u)
    lobes = (theta * 2.0 + p["lobe_phase"]).math("COSINE") + (theta * 3.0 - p["lobe_phase"]).math("COSINE") * 0.5
    outline = (lobes * p["lobes"] + 1.0) * p["radius"]
    return (u * u + v * v).math("SQRT") / outline


def own_frame(x: Value, y: Value, p: dict[str, Value]) -> tuple[Value, Value]:
    """Return a point's coordinates in metres along and across a blemish with `centre_x`, `centre_y` and `angle`."""
    dx, dy = x - p["centre_x"], y - p["centre_y"]
    cos, sin = p["angle"].math("COSINE"), p["angle"].math("SINE")
    return dx * cos + dy * sin, dy * cos - dx * sin


def towards(u: Value, v: Value, angle: Value) -> Value:
    """Return a point's coordinate along the direction `angle` [rad] in its frame."""
    return u * angle.math("COSINE") + v * angle.math("SINE")


def fold(distance: Value, width: float) -> Value:
    """Return 1 on a line, falling linearly to 0 at `width` from it: a sharp fold."""
    return (1.0 - distance / width).math("MAXIMUM", 0.0)
