"""Compiled kernels of the sequential coreset: pure functions on arrays, exact in the canonical distance.

The canonical distance of two float32 feature vectors is the float64 sum, channels ascending, without fused multiply-
add, of the squares of their float64 differences; it is symmetric to the last bit. Sums of squares never fall while
channels are added, so a partial sum above a limit settles that the whole is above it, and stopping there changes no
decision. Sixty-four distances grow side by side (vectorised over members), each in its own order of channels.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

BLOCK = 64
_STRIDE = 16  # channels between two looks at the limit


class CoresetArrays(NamedTuple):
    """All that the rule knows of a full coreset of M members with C channels; the kernels change it in place."""

    features: NDArray[np.float32]
    """(M, C), a row a member."""
    blocks: NDArray[np.float32]
    """(ceil(M / 64), C, 64), the same numbers, members innermost; absent members are +inf."""
    distances: NDArray[np.float64]
    """(M, M) canonical squared distances; +inf on the diagonal."""
    minima: NDArray[np.float64]
    """(M,) the minimum of each row of distances."""
    nearest: NDArray[np.int64]
    """(M,) where it stands."""
    guesses: NDArray[np.int64]
    """(8,) members that were witnesses lately; they change the speed, never a result."""


def arrays_of(features: NDArray[np.float32]) -> CoresetArrays:
    """Return the arrays of a full coreset around its ``features`` (M, C), which are not copied. Memory: 8 M^2 + 8 M C
    bytes.
    """
    size, channels = features.shape
    arrays = CoresetArrays(
        features=features,
        blocks=np.full((math.ceil(size / BLOCK), channels, BLOCK), np.inf, dtype=np.float32),
        distances=np.full((size, size), np.inf),
        minima=np.full(size, np.inf),
        nearest=np.zeros(size, dtype=np.int64),
        guesses=np.zeros(8, dtype=np.int64),
    )
    _complete(arrays)
    return arrays


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without fastmath (no reassociation, no contraction), keeping the result on disk where a folder is
    writable.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba finds no place for its cache
        return numba.njit(nogil=True)(function)


@_compiled
def squared_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> np.float64:
    """Return the canonical squared distance of two vectors (C,)."""
    total = np.float64(0)
    for c in range(a.shape[0]):
        difference = np.float64(a[c]) - np.float64(b[c])
        total += difference * difference
    return total


@_compiled
def _is_within(a: NDArray[np.float32], b: NDArray[np.float32], limit: float) -> bool:
    total = np.float64(0)
    channels = a.shape[0]
    for start in range(0, channels, _STRIDE):
        for c in range(start, min(start + _STRIDE, channels)):
            difference = np.float64(a[c]) - np.float64(b[c])
            total += difference * difference
        if total > limit:
            return False
    return True


@_compiled
def _grow(
    block: NDArray[np.float32], patch: NDArray[np.float32], start: int, stop: int, sums: NDArray[np.float64]
) -> None:
    for c in range(start, stop):
        value = np.float64(patch[c])
        for j in range(BLOCK):
            difference = value - np.float64(block[c, j])
            sums[j] += difference * difference


@_compiled
def _find_within(
    blocks: NDArray[np.float32], patch: NDArray[np.float32], limit: float, sums: NDArray[np.float64]
) -> int:
    """Return a member whose squared distance to the patch is <= limit, or -1 where there is none."""
    channels = patch.shape[0]
    for k in range(blocks.shape[0]):
        sums[:] = 0.0
        smallest = 0.0
        for start in range(0, channels, _STRIDE):
            _grow(blocks[k], patch, start, min(start + _STRIDE, channels), sums)
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


@_compiled
def _distances_to_all(
    blocks: NDArray[np.float32], patch: NDArray[np.float32], sums: NDArray[np.float64], row: NDArray[np.float64]
) -> None:
    members = row.shape[0]
    for k in range(blocks.shape[0]):
        sums[:] = 0.0
        _grow(blocks[k], patch, 0, patch.shape[0], sums)
        for j in range(min(BLOCK, members - k * BLOCK)):
            row[k * BLOCK + j] = sums[j]


@_compiled
def _put(state: CoresetArrays, slot: int, patch: NDArray[np.float32]) -> None:
    for c in range(patch.shape[0]):
        state.features[slot, c] = patch[c]
        state.blocks[slot // BLOCK, c, slot % BLOCK] = patch[c]


@_compiled
def _nearest_other(distances: NDArray[np.float64], slot: int) -> int:
    best = 0
    for j in range(distances.shape[1]):
        if distances[slot, j] < distances[slot, best]:
            best = j
    return best


@_compiled
def _complete(state: CoresetArrays) -> None:
    sums = np.empty(BLOCK)
    for i in range(state.features.shape[0]):
        _put(state, i, state.features[i].copy())
    for i in range(state.features.shape[0]):
        _distances_to_all(state.blocks, state.features[i], sums, state.distances[i])
        state.distances[i, i] = np.inf
        state.nearest[i] = _nearest_other(state.distances, i)
        state.minima[i] = state.distances[i, state.nearest[i]]


@_compiled
def _replace(
    state: CoresetArrays, slot: int, patch: NDArray[np.float32], sums: NDArray[np.float64], row: NDArray[np.float64]
) -> None:
    distances, minima, nearest = state.distances, state.minima, state.nearest
    _distances_to_all(state.blocks, patch, sums, row)
    row[slot] = np.inf
    _put(state, slot, patch)
    for j in range(row.shape[0]):
        distances[slot, j] = row[j]
        distances[j, slot] = row[j]
    for j in range(row.shape[0]):
        if j == slot:
            continue
        if row[j] < minima[j]:
            minima[j] = row[j]
            nearest[j] = slot
        elif nearest[j] == slot:
            nearest[j] = _nearest_other(distances, j)
            minima[j] = distances[j, nearest[j]]
    nearest[slot] = _nearest_other(distances, slot)
    minima[slot] = distances[slot, nearest[slot]]


@_compiled
def _likely_witness(state: CoresetArrays, patch: NDArray[np.float32], limit: float, before: int, above: int) -> int:
    """Return a member within the limit, of the few that are worth trying, or -1; before and above are -1 where there
    is none.
    """
    if before >= 0 and _is_within(patch, state.features[before], limit):
        return before
    if above >= 0 and _is_within(patch, state.features[above], limit):
        return above
    for guess in state.guesses:
        if _is_within(patch, state.features[guess], limit):
            return guess
    return -1


@_compiled
def update(state: CoresetArrays, patches: NDArray[np.float32], width: int, log: NDArray[np.int64]) -> int:
    """Test ``patches`` (N, C) in order against a full coreset (paper, section IV); return the number of replacements
    R.

    A patch replaces where its distance to the closest member exceeds the smallest distance between members; the
    victim is the lowest index in any closest pair. So one member within that distance (a witness) settles a
    rejection. Before the search, likely ones are tried: the witness of the patch before, of the patch above
    (``width`` patches earlier), and the last few that a search found. The first R rows of ``log`` (N, 2) get the
    replacing patches' numbers and their slots.
    """
    witnesses = np.empty(patches.shape[0], dtype=np.int64)
    sums = np.empty(BLOCK)
    row = np.empty(state.features.shape[0])
    victim = int(np.argmin(state.minima))
    replacements = 0
    for i in range(patches.shape[0]):
        limit = state.minima[victim]
        before = witnesses[i - 1] if i >= 1 else -1
        above = witnesses[i - width] if i >= width else -1
        witness = _likely_witness(state, patches[i], limit, before, above)
        if witness < 0:
            witness = _find_within(state.blocks, patches[i], limit, sums)
            if witness < 0:
                _replace(state, victim, patches[i], sums, row)
                log[replacements, 0] = i
                log[replacements, 1] = victim
                replacements += 1
                witness = victim
                victim = int(np.argmin(state.minima))
            state.guesses[1:] = state.guesses[:-1].copy()
            state.guesses[0] = witness
        witnesses[i] = witness
    return replacements
