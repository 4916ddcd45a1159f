"""Poisson blending against a direct solution of the sparse system."""

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg

from training.anomaly_synthesis.poisson import poisson_blended


def directly_blended(target, source, mask):
    """Solve, per channel: sum over neighbours of (u - neighbour) equals that of the source; u is the target outside."""
    height, width = mask.shape
    number = -np.ones(mask.shape, int)
    number[mask] = np.arange(mask.sum())
    result = target.astype(np.float64).copy()
    for channel in range(target.shape[2]):
        matrix = scipy.sparse.lil_matrix((mask.sum(), mask.sum()))
        right = np.zeros(mask.sum())
        for row, column in np.argwhere(mask):
            own = number[row, column]
            for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                if not (0 <= r < height and 0 <= c < width):
                    continue
                matrix[own, own] += 1
                right[own] += float(source[row, column, channel]) - float(source[r, c, channel])
                if mask[r, c]:
                    matrix[own, number[r, c]] -= 1
                else:
                    right[own] += float(target[r, c, channel])
        result[mask, channel] = scipy.sparse.linalg.spsolve(matrix.tocsr(), right)
    return result


def pictures(seed, shape=(24, 30)):
    rng = np.random.default_rng(seed)
    return rng.random((*shape, 3), dtype=np.float32), rng.random((*shape, 3), dtype=np.float32)


def blob(shape=(24, 30)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (x - 12) ** 2 + (y - 10) ** 2 < 60


def at_the_edge(shape=(24, 30)):
    mask = np.zeros(shape, bool)
    mask[:9, 20:] = True
    return mask


def in_parts(shape=(24, 30)):
    return np.random.default_rng(5).random(shape) < 0.4


@pytest.mark.parametrize("mask", [blob(), at_the_edge(), in_parts()])
def test_the_result_equals_a_direct_solution(mask):
    target, source = pictures(1)
    assert np.allclose(poisson_blended(target, source, mask), directly_blended(target, source, mask), atol=1e-4)


@pytest.mark.parametrize("mask", [blob(), at_the_edge(), in_parts(), np.ones((24, 30), bool), np.zeros((24, 30), bool)])
def test_an_images_own_pixels_change_nothing(mask):
    target, _ = pictures(2)
    assert np.abs(poisson_blended(target, target, mask) - target).max() < 1e-6


def test_no_pixel_outside_the_mask_changes():
    target, source = pictures(3)
    assert np.array_equal(poisson_blended(target, source, blob())[~blob()], target[~blob()])


def test_a_constant_added_to_the_source_changes_nothing():
    target, source = pictures(4)
    assert np.allclose(
        poisson_blended(target, source, blob()), poisson_blended(target, source + 0.5, blob()), atol=1e-4
    )
