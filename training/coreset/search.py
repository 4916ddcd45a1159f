"""Fast searches for a member near a patch, exact in the canonical distance: compiled pure functions on arrays.

A float32 sum S of C squared differences, added in any order, fused or not, is certified to lie near the canonical
squared distance D: |S - D| <= 2 (C + 4) 2^-24 S + C 2^-125. (Differences, squares and additions of non-negative terms
give a relative error of at most (C + 2) 2^-24 up to second order, underflow at most 2^-126 per term.) If S and a limit
are farther apart than that, S decides; otherwise the canonical sum does.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from training.coreset.distance import BLOCK, compiled, squared_distance

_UNROLLED = 16  # channels per pass over the sums
_LOOK = 32  # channels between two checks of the bound
_ROUNDING = 2.0**-24
_UNDERFLOW = 2.0**-125
_OVERFLOW = 1e37  # float32 sums may overflow if a limit is above this


def _compiled_freely(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with numba, allowing sums to be reordered and fused; only for float32 sums, whose bound permits it."""
    freedom = {"reassoc", "contract", "nnan", "nsz"}
    try:
        return numba.njit(cache=True, nogil=True, fastmath=freedom)(function)
    except RuntimeError:  # numba found no writable cache folder
        return numba.njit(nogil=True, fastmath=freedom)(function)


@_compiled_freely
def rough_squared_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> np.float32:
    """Return the squared distance of two vectors (C,) in float32, summed in any order."""
    total = np.float32(0)
    for c in range(a.shape[0]):
        difference = a[c] - b[c]
        total += difference * difference
    return total


@_compiled_freely
def _smallest(values: NDArray[np.float32]) -> np.float32:
    found = values[0]
    for j in range(len(values)):
        if values[j] < found:  # noqa: PLR1730 (the built-in min is not vectorised)
            found = values[j]
    return found


@_compiled_freely
def _sum_up(
    block: NDArray[np.float32], patch: NDArray[np.float32], bound: np.float32, sums: NDArray[np.float32]
) -> bool:
    """Write the squared distances of a patch (C,) to a block (C, 64) of members into sums (64,).

    Returns False, with incomplete sums, as soon as all are above the bound.
    """
    for j in range(BLOCK):
        sums[j] = np.float32(0)
    channels = len(patch)
    whole = channels // _UNROLLED * _UNROLLED
    for start in range(0, whole, _UNROLLED):
        for j in range(BLOCK):
            total = sums[j]
            for i in range(_UNROLLED):
                difference = patch[start + i] - block[start + i, j]
                total += difference * difference
            sums[j] = total
        if start % _LOOK == 0:
            smallest = sums[0]
            for j in range(BLOCK):
                if sums[j] < smallest:  # noqa: PLR1730
                    smallest = sums[j]
            if smallest > bound:
                return False
    for c in range(whole, channels):
        for j in range(BLOCK):
            difference = patch[c] - block[c, j]
            sums[j] += difference * difference
    return True


@_compiled_freely
def sums_of_block(block: NDArray[np.float32], patch: NDArray[np.float32], sums: NDArray[np.float32]) -> np.float32:
    """Write the float32 squared distances of a patch (at least C,) to a block (C, 64) into sums (64,).

    Returns the smallest.
    """
    for j in range(BLOCK):
        sums[j] = np.float32(0)
    channels = block.shape[0]
    whole = channels // _UNROLLED * _UNROLLED
    for start in range(0, whole, _UNROLLED):
        for j in range(BLOCK):
            total = sums[j]
            for i in range(_UNROLLED):
                difference = patch[start + i] - block[start + i, j]
                total += difference * difference
            sums[j] = total
    for c in range(whole, channels):
        for j in range(BLOCK):
            difference = patch[c] - block[c, j]
            sums[j] += difference * difference
    return _smallest(sums)


@compiled
def _first_of(values: NDArray[np.float32], value: np.float32) -> int:
    for j in range(len(values)):
        if values[j] == value:
            return j
    return 0


@compiled
def is_within(a: NDArray[np.float32], b: NDArray[np.float32], limit: float) -> bool:
    """Return whether the canonical squared distance of two vectors (C,) is <= limit."""
    channels = a.shape[0]
    if limit <= _OVERFLOW:
        rough = np.float64(rough_squared_distance(a, b))
        slack, lost = 2 * (channels + 4) * _ROUNDING, channels * _UNDERFLOW
        if rough * (1 + slack) + lost <= limit:
            return True
        if rough * (1 - slack) - lost > limit:
            return False
    return bool(squared_distance(a, b) <= limit)


@compiled
def _bound(limit: float, channels: int) -> np.float32:
    """Return an upper bound of the float32 sums of all members within a limit."""
    slack, lost = 2 * (channels + 4) * _ROUNDING, channels * _UNDERFLOW
    return np.float32((limit + lost) * (1 + 2 * slack) + lost)


@compiled
def find_within(
    blocks: NDArray[np.float32],
    features: NDArray[np.float32],
    patch: NDArray[np.float32],
    limit: float,
    sums: NDArray[np.float32],
) -> int:
    """Return a member whose canonical squared distance to the patch (C,) is <= limit, or -1 if there is none.

    ``features`` (M, C) and ``blocks`` (ceil(M / 64), C, 64) both hold the members; sums (64,) is working space.
    """
    members = features.shape[0]
    bound = _bound(min(limit, _OVERFLOW), len(patch))
    for k in range(blocks.shape[0]):
        if not _sum_up(blocks[k], patch, bound, sums) and limit <= _OVERFLOW:
            continue
        for j in range(min(BLOCK, members - k * BLOCK)):
            if (sums[j] <= bound or limit > _OVERFLOW) and is_within(patch, features[k * BLOCK + j], limit):
                return k * BLOCK + j
    return -1


@compiled
def favourite_within(
    block: NDArray[np.float32],
    favourites: NDArray[np.int64],
    features: NDArray[np.float32],
    patch: NDArray[np.float32],
    limit: float,
    sums: NDArray[np.float32],
) -> int:
    """Return the favourite nearest in float32 if its canonical squared distance to the patch (C,) is <= limit, else -1.

    ``block`` (C, 64) holds the features of ``favourites`` (64,).
    """
    if _sum_up(block, patch, _bound(min(limit, _OVERFLOW), len(patch)), sums):
        best = favourites[_first_of(sums, _smallest(sums))]
        if best >= 0 and is_within(patch, features[best], limit):
            return best
    return -1
