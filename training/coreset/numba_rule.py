"""The rule of the sequential coreset on the CPU (paper, section IV), compiled, exact in the canonical distance."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.coreset.distance import BLOCK, compiled, distances_to_all
from training.coreset.nearest_member import Nearest, NearestMembers
from training.coreset.search import favourite_within, find_within, is_within

_CHOSEN_AGAIN = 4096  # patches between two selections of the favourites


class NumbaCoreset:
    """A full coreset on one CPU thread; a ``CoresetBackend``. Memory: 8 M^2 + 8 M C bytes."""

    def __init__(self, features: NDArray[np.float32]) -> None:
        self.arrays = arrays_of(features)
        self._search: NearestMembers | None = None  # of the present members; made when it is first needed

    @property
    def features(self) -> NDArray[np.float32]:
        """The members (M, C)."""
        return self.arrays.features

    @property
    def smallest_squared(self) -> float:
        """The smallest squared distance between two members."""
        return float(self.arrays.minima.min())

    def update(self, patches: NDArray[np.float32], width: int) -> NDArray[np.int64]:
        """Test patches (N, C) in order and replace members.

        Returns the replacements (R, 2): the patch's index in this call, and the slot.
        """
        log = np.empty((len(patches), 2), dtype=np.int64)
        replacements = _update(self.arrays, patches, width, log)
        if replacements:
            self._search = None
        return log[:replacements]

    def cover(self, patches: NDArray[np.float32], width: int, squared_radius: float) -> float:
        """Return the larger of ``squared_radius`` and the largest squared distance of a patch to its nearest member."""
        return float(_cover(self.arrays, patches, width, squared_radius))

    def nearest(self, patches: NDArray[np.float32], width: int, left_out: NDArray[np.bool_] | None = None) -> Nearest:
        """Return the nearest member of each patch (N, C); members in ``left_out`` (M,) are not taken."""
        return self._searched().of(patches, width, left_out)

    def reached(
        self, patches: NDArray[np.float32], wanted: NDArray[np.int64], squared_limit: float
    ) -> NDArray[np.bool_]:
        """Return which of the members ``wanted`` (K,) have a patch (N, C) within a squared distance: bool (K,)."""
        return self._searched().reached(patches, wanted, squared_limit)

    def _searched(self) -> NearestMembers:
        if self._search is None:
            self._search = NearestMembers(self.arrays.features)
        return self._search


class CoresetArrays(NamedTuple):
    """The state of a full coreset of M members with C channels; the kernels change it in place."""

    features: NDArray[np.float32]
    """(M, C), one row per member."""
    blocks: NDArray[np.float32]
    """(ceil(M / 64), C, 64), the same numbers, members innermost; +inf for absent members."""
    distances: NDArray[np.float64]
    """(M, M + 8) canonical squared distances; +inf on the diagonal and in the last eight columns.

    The extra columns keep the row length from being a power of two, which makes writing a column three times as fast.
    """
    minima: NDArray[np.float64]
    """(M,) the minimum of each row of distances."""
    nearest: NDArray[np.int64]
    """(M,) the column of that minimum."""
    served: NDArray[np.int64]
    """(M,) the number of recent rejections that each member was the witness of."""
    favourites: NDArray[np.int64]
    """(64,) the members that were witnesses most often, tried first; -1 for none."""
    favourite_block: NDArray[np.float32]
    """(C, 64) their features; +inf for none."""


def arrays_of(features: NDArray[np.float32]) -> CoresetArrays:
    """Return the arrays of a full coreset for its ``features`` (M, C), which are not copied.

    Memory: 8 M^2 + 8 M C bytes.
    """
    size, channels = features.shape
    arrays = CoresetArrays(
        features=features,
        blocks=np.full((math.ceil(size / BLOCK), channels, BLOCK), np.inf, dtype=np.float32),
        distances=np.full((size, size + 8), np.inf),
        minima=np.full(size, np.inf),
        nearest=np.zeros(size, dtype=np.int64),
        served=np.zeros(size, dtype=np.int64),
        favourites=np.full(BLOCK, -1, dtype=np.int64),
        favourite_block=np.full((channels, BLOCK), np.inf, dtype=np.float32),
    )
    _complete(arrays)
    return arrays


@compiled
def _put(state: CoresetArrays, slot: int, patch: NDArray[np.float32]) -> None:
    for c in range(patch.shape[0]):
        state.features[slot, c] = patch[c]
        state.blocks[slot // BLOCK, c, slot % BLOCK] = patch[c]
    state.served[slot] = 0
    for j in range(BLOCK):
        if state.favourites[j] == slot:
            state.favourites[j] = -1
            state.favourite_block[:, j] = np.float32(np.inf)


@compiled
def nearest_other(distances: NDArray[np.float64], slot: int) -> int:
    """Return the first column of the smallest entry in a row of the table of distances."""
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
        distances_to_all(state.blocks, state.features[i], sums, state.distances[i, : state.features.shape[0]])
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
def _choose_favourites(state: CoresetArrays) -> None:
    members = state.features.shape[0]
    order = np.argsort(state.served)
    for j in range(min(BLOCK, members)):
        state.favourites[j] = order[members - 1 - j]
        state.favourite_block[:, j] = state.features[state.favourites[j]]
    state.served[:] //= 2  # older rejections count less


@compiled
def _searched(state: CoresetArrays, patch: NDArray[np.float32], limit: float, sums: NDArray[np.float32]) -> int:
    """Return a member within the limit, or -1 if there is none; sums (64,) is working space."""
    found = favourite_within(state.favourite_block, state.favourites, state.features, patch, limit, sums)
    return found if found >= 0 else find_within(state.blocks, state.features, patch, limit, sums)


@compiled
def _update(state: CoresetArrays, patches: NDArray[np.float32], width: int, log: NDArray[np.int64]) -> int:
    """Test ``patches`` (N, C) in order against a full coreset (paper, section IV); return the number R of replacements.

    A patch replaces a member if its distance to the closest member exceeds the smallest distance between members. The
    replaced member is the one with the lowest index in any closest pair. One member within that distance (a witness) is
    therefore enough to reject a patch. Likely witnesses are tried before all members: that of the previous patch, that
    of the patch above (``width`` patches earlier), and the 64 favourites. The first R rows of ``log`` (N, 2) receive
    the patches' indices and the slots.
    """
    witnesses = np.empty(patches.shape[0], dtype=np.int64)
    sums = np.empty(BLOCK)
    features, served = state.features, state.served
    row, rough_sums = np.empty(len(features)), np.empty(BLOCK, dtype=np.float32)
    victim = int(np.argmin(state.minima))
    replacements = 0
    for i in range(patches.shape[0]):
        limit = state.minima[victim]
        before = witnesses[i - 1] if i >= 1 else -1
        above = witnesses[i - width] if i >= width else -1
        if i % _CHOSEN_AGAIN == 0:
            _choose_favourites(state)
        if before >= 0 and is_within(patches[i], features[before], limit):
            witness = before
        elif above >= 0 and is_within(patches[i], features[above], limit):
            witness = above
        else:
            witness = _searched(state, patches[i], limit, rough_sums)
        if witness < 0:
            _replace(state, victim, patches[i], sums, row)
            log[replacements, 0] = i
            log[replacements, 1] = victim
            replacements += 1
            witness = victim
            victim = int(np.argmin(state.minima))
        witnesses[i] = witness
        served[witness] += 1
    return replacements


@compiled
def _cover(state: CoresetArrays, patches: NDArray[np.float32], width: int, squared_radius: float) -> float:
    """Return the larger of ``squared_radius`` and the largest squared distance from a patch to its nearest member.

    A patch with any member within the radius so far cannot enlarge it. Likely members are tried first, as in
    ``_update``, so only the few patches that enlarge the radius need a distance to every member.
    """
    witnesses = np.empty(patches.shape[0], dtype=np.int64)
    sums = np.empty(BLOCK)
    features, served = state.features, state.served
    row, rough_sums = np.empty(len(features)), np.empty(BLOCK, dtype=np.float32)
    for i in range(patches.shape[0]):
        before = witnesses[i - 1] if i >= 1 else -1
        above = witnesses[i - width] if i >= width else -1
        if i % _CHOSEN_AGAIN == 0:
            _choose_favourites(state)
        if before >= 0 and is_within(patches[i], features[before], squared_radius):
            witness = before
        elif above >= 0 and is_within(patches[i], features[above], squared_radius):
            witness = above
        else:
            witness = _searched(state, patches[i], squared_radius, rough_sums)
        if witness < 0:
            distances_to_all(state.blocks, patches[i], sums, row)
            witness = int(np.argmin(row))
            squared_radius = row[witness]
        witnesses[i] = witness
        served[witness] += 1
    return squared_radius
