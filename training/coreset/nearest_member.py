"""The nearest member of a patch, exact in the canonical distance: a short projection rules out most members."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.coreset.distance import BLOCK, compiled, squared_distance
from training.coreset.search import is_within, rough_squared_distance, sums_of_block

_COARSE, _FINE = 16, 32  # projected coordinates of the first and of the second test
_ROUNDS = 3  # of the iteration towards the directions of the largest variance
_ROUNDING = 2.0**-24
_UNDERFLOW = 2.0**-125
_OVERFLOW = 1e37  # float32 sums may overflow above this


class Nearest(NamedTuple):
    """Nearest members: index (N,) int64, of equally near ones the lowest, and squared canonical distance (N,) float64.

    Where no member may be taken, the index is -1 and the distance infinite.
    """

    members: NDArray[np.int64]
    squared: NDArray[np.float64]


class _Index(NamedTuple):
    """Members for the compiled search."""

    features: NDArray[np.float32]
    """(M, C)."""
    coarse: NDArray[np.float32]
    """(ceil(M / 64), K, 64), the first projected coordinates, members innermost; +inf for absent members."""
    fine: NDArray[np.float32]
    """(M, L), the projected coordinates after those."""
    slack: float
    """Rounding error of a distance of projections, as a share of the patch's distance to the mean plus ``reach``."""
    reach: float
    """Largest distance of a member to the mean."""


class NearestMembers:
    """A search for the nearest of M members (M, C) that do not change. Memory: 4 M (C + 64) bytes.

    An orthogonal projection never lengthens a difference. So a member whose projection lies farther from the patch's
    than the nearest member so far cannot be nearer. The directions are those in which the members vary most: 16
    numbers rule out most members, 16 more most of the rest. A certified bound of the rounding errors keeps this exact.
    """

    def __init__(self, features: NDArray[np.float32]) -> None:
        features = np.ascontiguousarray(features, dtype=np.float32)
        self._mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = features - self._mean
        self._directions = _directions(centred.astype(np.float64), min(_FINE, *features.shape)).astype(np.float32)
        projected = centred @ self._directions
        first = min(_COARSE, projected.shape[1])
        self._last: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]] | None = None
        self._index = _Index(
            features=features,
            coarse=_in_blocks(projected[:, :first]),
            fine=np.ascontiguousarray(projected[:, first:]),
            slack=4 * (features.shape[1] + 16) * _ROUNDING,
            reach=float(_lengths(centred).max()),
        )

    def of(self, patches: NDArray[np.float32], width: int = 1, left_out: NDArray[np.bool_] | None = None) -> Nearest:
        """Return the nearest member of each patch (N, C); members in ``left_out`` (M,) are not taken.

        ``width`` is the number of patches in a row of the patch map; it affects speed only.
        """
        patches, projected, lengths = self._projected(patches)
        found = Nearest(np.full(len(patches), -1, dtype=np.int64), np.full(len(patches), np.inf))
        skipped = np.zeros(len(self._index.features), dtype=np.bool_) if left_out is None else left_out
        _search(self._index, patches, projected, lengths, max(width, 1), skipped, found.members, found.squared)
        return found

    def reached(
        self, patches: NDArray[np.float32], wanted: NDArray[np.int64], squared_limit: float
    ) -> NDArray[np.bool_]:
        """Return which of the members ``wanted`` (K,) have a patch (N, C) within a squared distance: bool (K,)."""
        patches, projected, lengths = self._projected(patches)
        whole, reached = self._index, np.zeros(len(wanted), dtype=np.bool_)
        coarse = whole.coarse.transpose(0, 2, 1).reshape(-1, whole.coarse.shape[1])[wanted]
        part = whole._replace(coarse=_in_blocks(coarse), fine=whole.fine[wanted])
        _reach(part, wanted, patches, projected, lengths, squared_limit, reached)
        return reached

    def _projected(
        self, patches: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return the patches, their projections and their distances to the mean; kept for the next call."""
        patches = np.ascontiguousarray(patches, dtype=np.float32)
        if self._last is None or self._last[0] is not patches:
            centred = patches - self._mean
            self._last = (patches, centred @ self._directions, _lengths(centred))
        return self._last


def _in_blocks(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows (M, K) as blocks (ceil(M / 64), K, 64), filled up with +inf."""
    blocks = math.ceil(len(rows) / BLOCK)
    padded = np.full((blocks * BLOCK, rows.shape[1]), np.inf, dtype=np.float32)
    padded[: len(rows)] = rows
    return np.ascontiguousarray(padded.reshape(blocks, BLOCK, rows.shape[1]).transpose(0, 2, 1))


def _lengths(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sqrt(np.einsum("ij,ij->i", rows, rows))


def _directions(centred: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return orthonormal columns (C, count) near the directions in which the rows (M, C) vary most."""
    picked = centred[np.linspace(0, len(centred) - 1, count).round().astype(int)]
    columns, _ = np.linalg.qr(picked.T)
    for _ in range(_ROUNDS):
        columns, _ = np.linalg.qr(centred.T @ (centred @ columns))
    return np.ascontiguousarray(columns)


@compiled
def _limit(squared: np.float64 | float, error: float, coordinates: int) -> np.float32:
    """Return a bound: if the float32 squared distance of two projections is above it, the vectors are farther apart."""
    if squared > _OVERFLOW:
        return np.float32(np.inf)
    wide = (math.sqrt(squared) + error) ** 2
    return np.float32(wide * (1 + 4 * (coordinates + 4) * _ROUNDING) + coordinates * _UNDERFLOW)


@compiled
def _search(  # noqa: PLR0912 (numba compiles one loop faster than calls)
    index: _Index,
    patches: NDArray[np.float32],
    projected: NDArray[np.float32],
    lengths: NDArray[np.float32],
    width: int,
    left_out: NDArray[np.bool_],
    members: NDArray[np.int64],
    squares: NDArray[np.float64],
) -> None:
    features, coarse, fine = index.features, index.coarse, index.fine
    channels, first, last = features.shape[1], coarse.shape[1], fine.shape[1]
    sums = np.empty(BLOCK, dtype=np.float32)
    near = np.empty(features.shape[0], dtype=np.int64)
    rough = np.empty(features.shape[0], dtype=np.float32)
    share, lost = 2 * (channels + 4) * _ROUNDING, channels * _UNDERFLOW
    for i in range(patches.shape[0]):
        patch = patches[i]
        upper = np.float64(np.inf)  # no less than the squared distance to the nearest member
        for back in (1, width):  # the neighbours' members are often this patch's
            if i >= back and members[i - back] >= 0:
                guess = np.float64(rough_squared_distance(patch, features[members[i - back]])) * (1 + share) + lost
                upper = min(upper, guess)
        error = index.slack * (lengths[i] + index.reach)
        limit = _limit(upper, error, first + last)
        count = 0
        for k in range(coarse.shape[0]):
            if sums_of_block(coarse[k], projected[i], sums) > limit:
                continue
            for j in range(min(BLOCK, features.shape[0] - k * BLOCK)):
                if sums[j] > limit or left_out[k * BLOCK + j]:
                    continue
                member, total = k * BLOCK + j, sums[j]
                for c in range(last):
                    difference = projected[i, first + c] - fine[member, c]
                    total += difference * difference
                if total > limit:
                    continue
                near[count], rough[count] = member, rough_squared_distance(patch, features[member])
                guess = np.float64(rough[count]) * (1 + share) + lost
                count += 1
                if guess < upper:
                    upper = guess
                    limit = _limit(upper, error, first + last)
        for place in range(count):  # members ascending: of equally near ones the first stays
            if upper <= _OVERFLOW and np.float64(rough[place]) * (1 - share) - lost > upper:
                continue
            exact = squared_distance(patch, features[near[place]])
            if exact < squares[i]:
                members[i], squares[i] = near[place], exact


@compiled
def _reach(
    part: _Index,
    wanted: NDArray[np.int64],
    patches: NDArray[np.float32],
    projected: NDArray[np.float32],
    lengths: NDArray[np.float32],
    squared_limit: float,
    reached: NDArray[np.bool_],
) -> None:
    """Mark the members ``wanted`` (K,), whose projections ``part`` holds, that have a patch within the limit."""
    first, last = part.coarse.shape[1], part.fine.shape[1]
    sums = np.empty(BLOCK, dtype=np.float32)
    for i in range(patches.shape[0]):
        limit = _limit(squared_limit, part.slack * (lengths[i] + part.reach), first + last)
        for k in range(part.coarse.shape[0]):
            if sums_of_block(part.coarse[k], projected[i], sums) > limit:
                continue
            for j in range(min(BLOCK, wanted.shape[0] - k * BLOCK)):
                place, total = k * BLOCK + j, sums[j]
                if total > limit or reached[place]:
                    continue
                for c in range(last):
                    difference = projected[i, first + c] - part.fine[place, c]
                    total += difference * difference
                if total <= limit and is_within(patches[i], part.features[wanted[place]], squared_limit):
                    reached[place] = True
