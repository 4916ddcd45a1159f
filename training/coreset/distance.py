"""The canonical distance, as compiled pure functions on arrays.

The canonical squared distance of two float32 feature vectors is the float64 sum of the squares of their float64
differences, channels ascending, without fused multiply-add. It is symmetric to the last bit. Sixty-four distances are
summed side by side (vectorised over members), each in its own order of channels.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

BLOCK = 64
_UNROLLED = 8  # channels per pass over the sums


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with numba without fastmath (no reassociation, no contraction).

    The result is cached on disk if a folder is writable. Numba checks only the caller's file for changes: delete
    __pycache__ after editing a callee.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no writable cache folder
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
def grow(
    block: NDArray[np.float32], patch: NDArray[np.float32], start: int, stop: int, sums: NDArray[np.float64]
) -> None:
    """Add channels ``start`` to ``stop`` to the squared distances of a patch (C,) to a block (C, 64) of members.

    The sums (64,) change in place.
    """
    whole = start + (stop - start) // _UNROLLED * _UNROLLED
    for first in range(start, whole, _UNROLLED):
        for j in range(BLOCK):
            total = sums[j]
            for i in range(_UNROLLED):
                difference = np.float64(patch[first + i]) - np.float64(block[first + i, j])
                total += difference * difference
            sums[j] = total
    for c in range(whole, stop):
        for j in range(BLOCK):
            difference = np.float64(patch[c]) - np.float64(block[c, j])
            sums[j] += difference * difference


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
