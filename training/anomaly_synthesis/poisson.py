"""Poisson blending: gradients of one picture within a mask, the values of another around it.

Source: Perez, Gangnet, Blake, "Poisson image editing", SIGGRAPH 2003.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_TOLERANCE = 1e-6
_MOST_STEPS = 2000


def poisson_blended(
    target: NDArray[np.float32], source: NDArray[np.float32], mask: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return ``target`` (H, W, C) with the gradients of ``source`` within ``mask`` (H, W).

    Pixels outside the mask do not change. Within it the result's Laplacian is the source's. At the image's edge there
    is no neighbour to agree with. The linear system is solved by conjugate gradients to a relative residual of 1e-6. A
    region without a fixed neighbour keeps the target's mean.
    """
    if not mask.any():
        return target.copy()
    rows, columns = _box(mask)
    inside = mask[rows, columns]
    if inside.all():
        difference = (source - target).astype(np.float64)
        return (source - difference.mean(axis=(0, 1))).astype(np.float32)
    wanted = source[rows, columns].astype(np.float64) - target[rows, columns]
    # The unknown is result - target: zero outside, with the Laplacian of source - target inside.
    change = _solved(_laplacian(wanted, inside) * inside[..., None], inside)
    blended = target.copy()
    blended[rows, columns] += (change * inside[..., None]).astype(np.float32)
    return blended


def _solved(right: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return u (h, w, C), zero outside, with laplacian(u) = right inside, by conjugate gradients for all channels."""
    weight = inside[..., None]
    solution = np.zeros_like(right)
    residual = right.copy()
    direction = residual.copy()
    square = (residual**2).sum(axis=(0, 1))
    goal = np.maximum(square * _TOLERANCE**2, 1e-24)
    for _ in range(_MOST_STEPS):
        if (square <= goal).all():
            break
        applied = _laplacian(direction, inside) * weight
        curvature = (direction * applied).sum(axis=(0, 1))
        step = np.where(curvature > 0, square / np.where(curvature > 0, curvature, 1), 0)
        solution += step * direction
        residual -= step * applied
        fresh = (residual**2).sum(axis=(0, 1))
        direction = residual + np.where(square > 0, fresh / np.where(square > 0, square, 1), 0) * direction
        square = fresh
    return solution


def _laplacian(values: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the sum over neighbours of (value - neighbour), values (h, w, C).

    Only pairs of which one lies in the mask count, which leaves out pairs across the array's edge.
    """
    result = np.zeros_like(values)
    for axis in (0, 1):
        first: list[slice] = [slice(None), slice(None)]
        second: list[slice] = [slice(None), slice(None)]
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        a, b = tuple(first), tuple(second)
        step = (values[a] - values[b]) * (inside[a] | inside[b])[..., None]
        result[a] += step
        result[b] -= step
    return result


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the box of a mask, grown by one pixel within the image."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return (
        slice(max(top - 1, 0), min(top + height + 1, mask.shape[0])),
        slice(max(left - 1, 0), min(left + width + 1, mask.shape[1])),
    )
