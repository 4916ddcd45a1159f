"""The pixels that a drawn shape covers: those whose centre lies inside.

Pixel (row, column) has its centre at x = column + 0.5, y = row + 0.5.
"""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Pixels = NDArray[np.bool_]


def polygon_pixels(points: Points, size: tuple[int, int]) -> Pixels:
    """Return the pixels (H, W) inside a polygon, points (N, 2) as x, y, by the even-odd rule.

    A polygon too thin to contain any pixel's centre gives the pixels along its outline.
    """
    height, width = size
    inside = np.zeros(size, dtype=bool)
    (x, y), (next_x, next_y) = points.T, np.roll(points, -1, axis=0).T
    for row in range(max(math.ceil(y.min() - 0.5), 0), min(math.floor(y.max() - 0.5), height - 1) + 1):
        centre = row + 0.5
        crossed = (y <= centre) != (next_y <= centre)
        slope = (next_x[crossed] - x[crossed]) / (next_y[crossed] - y[crossed])
        crossings = np.sort(x[crossed] + (centre - y[crossed]) * slope)
        for first, end in np.clip(np.ceil(crossings - 0.5), 0, width).astype(int).reshape(-1, 2):
            inside[row, first:end] = True
    return inside if inside.any() else stroke_pixels(np.vstack([points, points[:1]]), 1.0, size)


def rectangle_pixels(points: Points, size: tuple[int, int]) -> Pixels:
    """Return the pixels (H, W) of the rectangle between two opposite corners (2, 2)."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return polygon_pixels(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), size)


def circle_pixels(points: Points, size: tuple[int, int]) -> Pixels:
    """Return the pixels (H, W) of the circle about the first point through the second."""
    return stroke_pixels(points[:1], 2 * float(np.linalg.norm(points[1] - points[0])), size)


def stroke_pixels(points: Points, line_width: float, size: tuple[int, int]) -> Pixels:
    """Return the pixels (H, W) within half a line's width of the line through points (N, 2), or of a single point.

    The pixels that contain the points themselves are always included, if they are in the image.
    """
    covered = np.zeros(size, dtype=bool)
    ends = list(itertools.pairwise(points)) if len(points) > 1 else [(points[0], points[0])]
    for start, end in ends:
        low, high = np.minimum(start, end) - line_width / 2, np.maximum(start, end) + line_width / 2
        columns, rows = (slice(max(int(low[k]), 0), max(math.ceil(high[k]), 0)) for k in (0, 1))
        window = covered[rows, columns]
        y, x = np.ogrid[: window.shape[0], : window.shape[1]]
        across, down = x + columns.start + 0.5 - start[0], y + rows.start + 0.5 - start[1]
        along = end - start
        length = float(along @ along)
        share = np.clip((across * along[0] + down * along[1]) / length, 0, 1) if length else 0.0
        window |= (across - share * along[0]) ** 2 + (down - share * along[1]) ** 2 <= (line_width / 2) ** 2
    for column, row in np.floor(points).astype(int):
        if 0 <= row < size[0] and 0 <= column < size[1]:
            covered[row, column] = True
    return covered
