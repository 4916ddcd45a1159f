"""Perlin noise against a loop over pixels that follows Perlin's text."""

import math

import numpy as np
import pytest

from training.anomaly_synthesis.perlin import perlin, perlin_field


def noise_of_a_point(x, y, angles):
    column, row = math.floor(x), math.floor(y)
    total = 0.0
    for below in (0, 1):
        for right in (0, 1):
            angle = angles[row + below][column + right]
            u, v = x - (column + right), y - (row + below)
            fade = 1.0
            for distance in (abs(u), abs(v)):
                t = 1 - distance
                fade *= 6 * t**5 - 15 * t**4 + 10 * t**3
            total += fade * (math.cos(angle) * u + math.sin(angle) * v)
    return total * math.sqrt(2)


def test_perlin_equals_a_loop_over_pixels():
    rng = np.random.default_rng(3)
    angles = rng.uniform(0, 2 * np.pi, (5, 7))
    x, y = rng.uniform(0, 6, (20, 30)), rng.uniform(0, 4, (20, 30))
    wanted = [[noise_of_a_point(a, b, angles) for a, b in zip(*row, strict=True)] for row in zip(x, y, strict=True)]
    assert np.allclose(perlin(x, y, angles), wanted, atol=1e-12)


@pytest.mark.parametrize("turn", [0.0, 0.7, -1.5])
@pytest.mark.parametrize("cells", [(1, 1), (4, 16), (32, 2)])
def test_a_field_covers_the_image_and_is_smooth(turn, cells):
    field = perlin_field((60, 80), cells, turn, np.random.default_rng(1))
    assert field.shape == (60, 80)
    assert np.isfinite(field).all()
    assert np.abs(field).max() <= 1.0001
    steps = max(np.abs(np.diff(field, axis=0)).max(), np.abs(np.diff(field, axis=1)).max())
    assert steps < 4 * max(cells[0] / 60, cells[1] / 80) * 1.5


def test_a_field_repeats_for_a_seed_and_differs_for_another():
    first, again, other = (perlin_field((32, 32), (4, 4), 0.3, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
