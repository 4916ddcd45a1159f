"""The silhouette of a sticker as a pinhole sees it, written apart from the add-on: float64, edge by edge."""

import math

import numpy as np


def outline(s, level):
    """Corners (192, 3) of a sticker's edge on the plate, metres; `level` is the height of its face."""
    corners = []
    for k in range(192):
        theta = 2 * math.pi * k / 192
        rho = (abs(math.cos(theta)) ** 9 + abs(math.sin(theta)) ** 9) ** (-1 / 9)
        waver = 0.45 * math.sin(3 * theta + s.edge_phase * math.sqrt(3))
        waver += 0.3 * math.sin(7 * theta + s.edge_phase * math.sqrt(7))
        waver += 0.15 * math.sin(13 * theta + s.edge_phase * math.sqrt(13))
        waver += 0.1 * math.sin(29 * theta + s.edge_phase * math.sqrt(29))
        u = rho * math.cos(theta) * (s.width / 2 + s.edge_waviness * waver)
        v = rho * math.sin(theta) * (s.height / 2 + s.edge_waviness * waver)
        corner = [(1, 1), (-1, 1), (-1, -1), (1, -1)][s.loose_corner]
        come_off = max(0.0, (corner[0] * u / s.width + corner[1] * v / s.height - 0.55) / 0.45)
        turned = complex(u, v) * complex(math.cos(s.angle), math.sin(s.angle))
        corners.append((s.centre_x + turned.real, s.centre_y + turned.imag, level + s.lift * come_off**2))
    return np.array(corners)


def covers(points, s, key, camera_height):
    """Return a mask (H, W) of the points (H, W, 3) on z = 0 that the sticker hides from a camera at (0, 0, height).

    The sheet bends upwards only a little, so its silhouette is its edge's projection: a polygon, by crossing numbers.
    """
    edge = outline(s, s.thickness * key)
    seen = edge[:, :2] * camera_height / (camera_height - edge[:, 2:])
    x, y = points[..., 0], points[..., 1]
    inside = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(seen, np.roll(seen, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside
