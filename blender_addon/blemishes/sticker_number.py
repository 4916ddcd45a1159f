"""Numbers written by marker, as flat ribbons; no font is needed."""

import numpy as np

ADVANCE = 0.78  # distance between digits, in digit heights
STEPS = 8  # ribbon pieces between two points of a stroke
SPREAD = 1.15  # size of the felt tip's blot at the ends of a line, in half widths

# Strokes of each digit as points (x, y) of a smooth line; x is in 0..0.6, y in 0..1. A repeated point is a corner.
DIGITS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "0": (((0.32, 1.0), (0.06, 0.72), (0.05, 0.3), (0.3, 0.0), (0.55, 0.3), (0.54, 0.74), (0.3, 1.0)),),
    "1": (((0.12, 0.76), (0.36, 1.0), (0.36, 1.0), (0.34, 0.0)),),
    "2": (((0.06, 0.78), (0.28, 1.0), (0.53, 0.77), (0.33, 0.4), (0.04, 0.0), (0.04, 0.0), (0.58, 0.03)),),
    "3": (((0.07, 0.88), (0.32, 1.0), (0.5, 0.78), (0.24, 0.55), (0.54, 0.3), (0.3, 0.0), (0.04, 0.14)),),
    "4": (((0.4, 1.0), (0.03, 0.36), (0.03, 0.36), (0.6, 0.38)), ((0.44, 0.62), (0.42, 0.0))),
    "5": (
        (
            (0.53, 1.0),
            (0.12, 0.98),
            (0.12, 0.98),
            (0.08, 0.57),
            (0.08, 0.57),
            (0.36, 0.63),
            (0.55, 0.34),
            (0.3, 0.0),
            (0.04, 0.14),
        ),
    ),
    "6": (((0.46, 0.98), (0.12, 0.6), (0.08, 0.22), (0.32, 0.0), (0.54, 0.24), (0.34, 0.48), (0.09, 0.28)),),
    "7": (((0.04, 0.97), (0.57, 1.0), (0.57, 1.0), (0.22, 0.0)), ((0.16, 0.5), (0.5, 0.53))),
    "8": (
        (
            (0.46, 0.9),
            (0.28, 1.0),
            (0.1, 0.78),
            (0.44, 0.46),
            (0.52, 0.2),
            (0.28, 0.0),
            (0.06, 0.2),
            (0.3, 0.53),
            (0.5, 0.78),
            (0.44, 0.92),
        ),
    ),
    "9": (((0.52, 0.74), (0.3, 0.52), (0.07, 0.74), (0.3, 1.0), (0.53, 0.76), (0.5, 0.4), (0.32, 0.0)),),
}


def number_ribbons(
    number: int, height: float, width: float, stroke: float, slant: float
) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """Return the corners (N, 2), centred on the origin, and the quads of a written number.

    The number is scaled to fit into `height` and `width`; `stroke` is the line's width; all are in metres. `slant` is
    the sideways shift relative to the height.
    """
    corners: list[np.ndarray] = []
    faces: list[tuple[int, int, int, int]] = []
    text = str(number)
    height = min(height, width / (len(text) * ADVANCE))
    for place, digit in enumerate(text):
        left = (place - len(text) / 2) * ADVANCE + (ADVANCE - 0.6) / 2
        for points in DIGITS[digit]:
            line = (_smooth(np.array(points)) + np.array([left, -0.5])) * height
            line[:, 0] += slant * line[:, 1]
            ribbon = _ribbon(line, stroke)
            first = sum(len(part) for part in corners)
            corners.append(ribbon.reshape(-1, 2))
            faces += [
                (first + 2 * k, first + 2 * k + 1, first + 2 * k + 3, first + 2 * k + 2) for k in range(len(ribbon) - 1)
            ]
    return np.concatenate(corners), faces


def _smooth(points: np.ndarray) -> np.ndarray:
    """Return a Catmull-Rom line (N, 2) through the points; a repeated point makes a corner."""
    before = np.vstack([points[:1], points[:-2]])
    after = np.vstack([points[2:], points[-1:]])
    pieces = []
    for p0, p1, p2, p3 in zip(before, points[:-1], points[1:], after, strict=True):
        if np.array_equal(p1, p2):
            continue
        t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
        pieces.append(p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))))
    return np.vstack([*pieces, points[-1:]])


def _ribbon(line: np.ndarray, stroke: float) -> np.ndarray:
    """Return the two sides (N, 2, 2) of a line, with blunt round ends."""
    forward = np.gradient(line, axis=0)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    ends = np.linspace(-1, 0, 6)[:-1] * SPREAD * stroke / 2
    start, end = line[0] + ends[:, None] * forward[0], line[-1] - ends[::-1, None] * forward[-1]
    half_end = stroke / 2 * SPREAD * np.sqrt(1 - np.linspace(-1, 0, 6)[:-1] ** 2)
    half = np.concatenate([half_end, np.full(len(line), stroke / 2), half_end[::-1]])[:, None]
    centre = np.vstack([start, line, end])
    forward = np.vstack([np.repeat(forward[:1], 5, axis=0), forward, np.repeat(forward[-1:], 5, axis=0)])
    left = np.stack([-forward[:, 1], forward[:, 0]], axis=1)
    return np.stack([centre + half * left, centre - half * left], axis=1)
