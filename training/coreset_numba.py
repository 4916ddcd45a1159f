"""The rule of the sequential coreset on the CPU (paper, section IV), compiled; exact in the canonical distance."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.coreset_distance import BLOCK, compiled, distances_to_all, find_within, is_within


class NumbaCoreset:
    """A full coreset that one CPU thread keeps; a ``CoresetBackend``. Memory: 8 M^2 + 8 M C bytes."""

    def __init__(self, features: NDArray[np.float32]) -> None:
        self.arrays = arrays_of(features)

    @property
    def features(self) -> NDArray[np.float32]:
        """The members (M, C)."""
        return self.arrays.features

    @property
    def smallest_squared(self) -> float:
        """The smallest squared distance between two members."""
        return float(self.arrays.minima.min())

    def update(self, patches: NDArray[np.float32], width: int) -> NDArray[np.int64]:
        """Test patches (N, C) in order; return the replacements (R, 2): patch of this call, slot."""
        log = np.empty((len(patches), 2), dtype=np.int64)
        return log[: _update(self.arrays, patches, width, log)]

    def cover(self, patches: NDArray[np.float32], width: int, squared_radius: float) -> float:
        """Return the larger of ``squared_radius`` and the largest squared distance from a patch to its nearest
        member.
        """
        return float(_cover(self.arrays, patches, width, squared_radius))


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


@compiled
def _put(state: CoresetArrays, slot: int, patch: NDArray[np.float32]) -> None:
    for c in range(patch.shape[0]):
        state.features[slot, c] = patch[c]
        state.blocks[slot // BLOCK, c, slot % BLOCK] = patch[c]


@compiled
def nearest_other(distances: NDArray[np.float64], slot: int) -> int:
    """Return the first column of the smallest entry in a row of the table."""
    best = 0
    for j in range(distances.shape[1]):
        if distances[slot, j] < distances[slot, best]:
            best = j
    return best


@compiled
def _complete(state: CoresetArrays) -> None:
    sums = np.empty(BLOCK)
    for i in range(state.features.shape[0]):
        _put(state, i, state.features[i].copy())
    for i in range(state.features.shape[0]):
        distances_to_all(state.blocks, state.features[i], sums, state.distances[i])
        state.distances[i, i] = np.inf
        state.nearest[i] = nearest_other(state.distances, i)
        state.minima[i] = state.distances[i, state.nearest[i]]


@compiled
def _replace(
    state: CoresetArrays, slot: int, patch: NDArray[np.float32], sums: NDArray[np.float64], row: NDArray[np.float64]
) -> None:
    distances, minima, nearest = state.distances, state.minima, state.nearest
    distances_to_all(state.blocks, patch, sums, row)
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
            nearest[j] = nearest_other(distances, j)
            minima[j] = distances[j, nearest[j]]
    nearest[slot] = nearest_other(distances, slot)
    minima[slot] = distances[slot, nearest[slot]]


@compiled
def _likely_witness(state: CoresetArrays, patch: NDArray[np.float32], limit: float, before: int, above: int) -> int:
    """Return a member within the limit, of the few that are worth trying, or -1; before and above are -1 where there
    is none.
    """
    if before >= 0 and is_within(patch, state.features[before], limit):
        return before
    if above >= 0 and is_within(patch, state.features[above], limit):
        return above
    for guess in state.guesses:
        if is_within(patch, state.features[guess], limit):
            return guess
    return -1


@compiled
def _update(state: CoresetArrays, patches: NDArray[np.float32], width: int, log: NDArray[np.int64]) -> int:
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
            witness = find_within(state.blocks, patches[i], limit, sums)
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


@compiled
def _cover(state: CoresetArrays, patches: NDArray[np.float32], width: int, squared_radius: float) -> float:
    """Return the larger of ``squared_radius`` and the largest squared distance from a patch to its nearest member.

    A patch with any member within the radius so far cannot enlarge it, and likely ones are tried first, as in
    ``_update``: only the few patches that do enlarge it cost a distance to every member.
    """
    witnesses = np.empty(patches.shape[0], dtype=np.int64)
    sums = np.empty(BLOCK)
    row = np.empty(state.features.shape[0])
    for i in range(patches.shape[0]):
        before = witnesses[i - 1] if i >= 1 else -1
        above = witnesses[i - width] if i >= width else -1
        witness = _likely_witness(state, patches[i], squared_radius, before, above)
        if witness < 0:
            witness = find_within(state.blocks, patches[i], squared_radius, sums)
            if witness < 0:
                distances_to_all(state.blocks, patches[i], sums, row)
                witness = int(np.argmin(row))
                squared_radius = row[witness]
            state.guesses[1:] = state.guesses[:-1].copy()
            state.guesses[0] = witness
        witnesses[i] = witness
    return squared_radius
