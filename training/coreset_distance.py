"""The canonical distance and searches in it: compiled pure functions on arrays.

The canonical distance of two float32 feature vectors is the float64 sum, channels ascending, without fused multiply-
add, of the squares of their float64 differences; it is symmetric to the last bit. Sums of squares never fall while
channels are added, so a partial sum above a limit settles that the whole is above it, and stopping there changes no
decision. Sixty-four distances grow side by side (vectorised over members), each in its own order of channels.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

BLOCK = 64
_STRIDE = 16  # channels between two looks at the limit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with numba without fastmath (no reassociation, no contraction), keeping the result on disk where a folder
    is writable.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba finds no place for its cache
        return numba.njit(nogil=True)(function)


@compiled
def squared_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> np.float64:
    """Return the canonical squared distance of two vectors (C,)."""
    total = np.float64(0)
    for c in range(a.shape[0]):
        difference = np.float64(a[c]) - np.float64(b[c])
        total += difference * difference
    return total


@compiled
def is_within(a: NDArray[np.float32], b: NDArray[np.float32], limit: float) -> bool:
    """Return whether the squared distance of two vectors (C,) is <= limit."""
    total = np.float64(0)
    channels = a.shape[0]
    for start in range(0, channels, _STRIDE):
        for c in range(start, min(start + _STRIDE, channels)):
            difference = np.float64(a[c]) - np.float64(b[c])
            total += difference * difference
        if total > limit:
            return False
    return True


@compiled
def grow(
    block: NDArray[np.float32], patch: NDArray[np.float32], start: int, stop: int, sums: NDArray[np.float64]
) -> None:
    """Add channels start to stop of the squared distances of a patch (C,) and a block (C, 64) of members to sums
    (64,).
    """
    for c in range(start, stop):
        value = np.float64(patch[c])
        for j in range(BLOCK):
            difference = value - np.float64(block[c, j])
            sums[j] += difference * difference


@compiled
def find_within(
    blocks: NDArray[np.float32], patch: NDArray[np.float32], limit: float, sums: NDArray[np.float64]
) -> int:
    """Return a member whose squared distance to the patch is <= limit, or -1 where there is none."""
    channels = patch.shape[0]
    for k in range(blocks.shape[0]):
        sums[:] = 0.0
        smallest = 0.0
        for start in range(0, channels, _STRIDE):
            grow(blocks[k], patch, start, min(start + _STRIDE, channels), sums)
            smallest = sums[0]
            for j in range(BLOCK):
                smallest = min(smallest, sums[j])
            if smallest > limit:
                break
        if smallest <= limit:
            for j in range(BLOCK):
                if sums[j] <= limit:
                    return k * BLOCK + j
    return -1


@compiled
def distances_to_all(
    blocks: NDArray[np.float32], patch: NDArray[np.float32], sums: NDArray[np.float64], row: NDArray[np.float64]
) -> None:
    """Write the squared distances of a patch (C,) to all M members into row (M,)."""
    members = row.shape[0]
    for k in range(blocks.shape[0]):
        sums[:] = 0.0
        grow(blocks[k], patch, 0, patch.shape[0], sums)
        for j in range(min(BLOCK, members - k * BLOCK)):
            row[k * BLOCK + j] = sums[j]
