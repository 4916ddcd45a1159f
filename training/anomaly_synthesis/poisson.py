"""Poisson blending: gradients of one picture within a mask, the values of another around it.

Source: Perez, Gangnet, Blake, "Poisson image editing", SIGGRAPH 2003.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 1e-5
_MOST_STEPS = 1000


def poisson_blended(
    target: NDArray[np.float32], source: NDArray[np.float32], mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return ``target`` (H, W, C) with the gradients of ``source`` within ``mask`` (H, W).

    Pixels outside the mask do not change. Within it the result's Laplacian is the source's. At the image's edge there
    is no neighbour to agree with. The linear system is solved by conjugate gradients to a relative residual of 1e-5. A
    region without a fixed neighbour keeps the target's mean.
    """
    if not mask.any():
        return target.copy()
    rows, columns = _box(mask)
    inside = mask[rows, columns]
    if inside.all():
        difference = (source - target).mean(axis=(0, 1), dtype=np.float64)
        return np.asarray(source - difference, dtype=np.float32)
    wanted = (source[rows, columns] - target[rows, columns]).transpose(2, 0, 1)
    neighbours = _neighbour_sum(np.ones_like(wanted))
    # The unknown is result - target: zero outside, with the Laplacian of source - target inside.
    right = (neighbours * wanted - _neighbour_sum(wanted)) * inside
    blended = target.copy()
    blended[rows, columns] += _solved(right, neighbours * inside, inside).transpose(1, 2, 0)
    return blended


def _solved(
    right: NDArray[np.float32], neighbours: NDArray[np.float32], inside: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return u (C, h, w), zero outside, with neighbours * u - (sum of neighbours' u) = right inside.

    Conjugate gradients for all channels at once.
    """
    weight = inside.astype(np.float32)
    solution, residual = np.zeros_like(right), right.copy()
    direction = right.copy()
    square = np.einsum("chw,chw->c", residual, residual, dtype=np.float64)
    goal = np.maximum(square * _TOLERANCE**2, 1e-12)
    for _ in range(_MOST_STEPS):
        if (square <= goal).all():
            break
        applied = neighbours * direction - _neighbour_sum(direction) * weight
        curvature = np.einsum("chw,chw->c", direction, applied, dtype=np.float64)
        step = _quotient(square, curvature)
        solution += step * direction
        residual -= step * applied
        fresh = np.einsum("chw,chw->c", residual, residual, dtype=np.float64)
        direction = residual + _quotient(fresh, square) * direction
        square = fresh
    return solution


def _quotient(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return quotients (C, 1, 1), 0 where the divisor is 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0).astype(np.float32)[:, None, None]


def _neighbour_sum(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sum of the four neighbours' values (C, h, w); there are none beyond the array."""
    total = np.zeros_like(values)
    total[:, 1:] += values[:, :-1]
    total[:, :-1] += values[:, 1:]
    total[:, :, 1:] += values[:, :, :-1]
    total[:, :, :-1] += values[:, :, 1:]
    return total


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the box of a mask, grown by one pixel within the image."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return (
        slice(max(top - 1, 0), min(top + height + 1, mask.shape[0])),
        slice(max(left - 1, 0), min(left + width + 1, mask.shape[1])),
    )
