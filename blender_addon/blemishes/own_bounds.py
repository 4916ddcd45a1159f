"""Boxes around blemishes that are described in a frame of their own."""

import math


def turned_bounds(x: float, y: float, angle: float, along: float, across: float) -> tuple[float, float, float, float]:
    """Return the box x_min, x_max, y_min, y_max around a rectangle of half sides `along` and `across` about (x, y)."""
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    reach_x, reach_y = along * cos + across * sin, along * sin + across * cos
    return x - reach_x, x + reach_x, y - reach_y, y + reach_y
