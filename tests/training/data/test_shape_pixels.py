import itertools
import math

import numpy as np
import pytest

from training.data.shape_pixels import circle_pixels, polygon_pixels, rectangle_pixels, stroke_pixels

SIZE = (23, 31)


def centres():
    return [(row, column, column + 0.5, row + 0.5) for row in range(SIZE[0]) for column in range(SIZE[1])]


def literal_polygon(points):
    """Cast rays pixel by pixel and edge by edge."""
    inside = np.zeros(SIZE, bool)
    for row, column, x, y in centres():
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
            if (y0 <= y) != (y1 <= y) and x0 + (y - y0) * (x1 - x0) / (y1 - y0) > x:
                inside[row, column] ^= True
    return inside


def literal_stroke(points, width):
    inside = np.zeros(SIZE, bool)
    for row, column, x, y in centres():
        distances = []
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            length = math.hypot(x1 - x0, y1 - y0)
            share = min(max(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length**2, 0), 1)
            distances.append(math.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0)))
        holds = any(math.floor(px) == column and math.floor(py) == row for px, py in points)
        inside[row, column] = min(distances) <= width / 2 or holds
    return inside


@pytest.mark.parametrize("seed", range(20))
def test_a_polygon_covers_the_pixels_whose_centres_lie_in_it(seed):
    rng = np.random.default_rng(seed)
    points = rng.uniform([-1, -1], [SIZE[1] + 1, SIZE[0] + 1], (rng.integers(3, 9), 2))  # often crosses itself
    expected = literal_polygon(points.tolist())
    assert expected.any()
    np.testing.assert_array_equal(polygon_pixels(points, SIZE), expected)


def test_polygons_that_share_an_edge_share_no_pixel_and_leave_none_out():
    left, right = [[2, 3], [15.5, 3], [12.5, 20], [2, 20]], [[15.5, 3], [28, 3], [28, 20], [12.5, 20]]
    first, second = (polygon_pixels(np.array(points, float), SIZE) for points in (left, right))
    assert not (first & second).any()
    np.testing.assert_array_equal(first | second, rectangle_pixels(np.array([[28, 3], [2, 20.0]]), SIZE))
    assert (first | second).sum() == 26 * 17


def test_a_polygon_without_a_centre_inside_gives_its_outline():
    thin = np.array([[3.6, 4.1], [20.6, 4.2], [20.6, 4.3]])
    found = polygon_pixels(thin, SIZE)
    assert found.any()
    assert set(np.flatnonzero(found.any(axis=1))) <= {3, 4}
    assert found[4, 3:21].all()


@pytest.mark.parametrize("seed", range(10))
def test_a_line_covers_the_pixels_within_half_its_width(seed):
    rng = np.random.default_rng(seed)
    points = rng.uniform([0, 0], [SIZE[1], SIZE[0]], (rng.integers(2, 5), 2))
    width = float(rng.uniform(0.2, 7))
    np.testing.assert_array_equal(stroke_pixels(points, width, SIZE), literal_stroke(points.tolist(), width))


def test_a_circle_and_a_point_are_discs():
    disc = np.array([[math.hypot(x - 12.0, y - 9.5) <= 6 for _, _, x, y in centres()]]).reshape(SIZE)
    np.testing.assert_array_equal(circle_pixels(np.array([[12.0, 9.5], [12.0, 15.5]]), SIZE), disc)
    np.testing.assert_array_equal(stroke_pixels(np.array([[12.0, 9.5]]), 12.0, SIZE), disc)
    beyond = circle_pixels(np.array([[30.0, 22.0], [30.0, 4.0]]), SIZE)
    assert beyond[22, 30]
    assert not beyond[0].any()
