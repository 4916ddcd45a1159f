"""Perlin's gradient noise (Ken Perlin, "Improving noise", SIGGRAPH 2002), at any coordinates."""

import numpy as np
from numpy.typing import NDArray


def perlin(x: NDArray[np.float64], y: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Perlin noise at coordinates x and y (same shape) in cells of a lattice, about -1..1.

    ``angles`` (rows, columns) [rad] are the directions of the lattice's gradients; that of (j, i) lies at x = i, y = j.
    Coordinates lie in 0 <= x < columns - 1 and 0 <= y < rows - 1. The value is Perlin's times sqrt(2).
    """
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    u, v = x - column, y - row
    across, down = np.cos(angles), np.sin(angles)

    def corner(right: int, below: int) -> NDArray[np.float64]:
        place = row + below, column + right
        return np.asarray(across[place] * (u - right) + down[place] * (v - below))

    fade_u, fade_v = _fade(u), _fade(v)
    above = corner(0, 0) + fade_u * (corner(1, 0) - corner(0, 0))
    beneath = corner(0, 1) + fade_u * (corner(1, 1) - corner(0, 1))
    return np.asarray(np.sqrt(2) * (above + fade_v * (beneath - above)))


def perlin_field(
    shape: tuple[int, int], cells: tuple[int, int], turn: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return Perlin noise (H, W) of ``cells`` (rows, columns) per image side, turned by an angle [rad].

    The lattice is drawn from ``rng`` and covers the turned image.
    """
    height, width = shape
    down, across = np.mgrid[:height, :width] + 0.5
    across, down = across / width - 0.5, down / height - 0.5
    x = (np.cos(turn) * across + np.sin(turn) * down) * cells[1]
    y = (np.cos(turn) * down - np.sin(turn) * across) * cells[0]
    x, y = x - x.min(), y - y.min()
    angles = rng.uniform(0, 2 * np.pi, (int(y.max()) + 2, int(x.max()) + 2))
    return perlin(x, y, angles)


def _fade(t: NDArray[np.float64]) -> NDArray[np.float64]:
    return t * t * t * (t * (6 * t - 15) + 10)
