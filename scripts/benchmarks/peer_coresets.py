"""Coresets to compare Sequential PatchCore with: they keep every patch and reduce them at the end.

Both have the interface of ``SequentialCoreset``, so that radius, model and metrics can be compared. Memory grows with
the number of patches.
"""

import math

import numpy as np
from numpy.typing import NDArray

from training.coreset.distance import compiled, squared_distance
from training.coreset.numba_rule import CoresetArrays, arrays_of, nearest_other
from training.coreset.search import is_within
from training.support.user_error import UserError


class _CollectedPatches:
    """Patches of all images, reduced to ``size`` when the features are read."""

    def __init__(self, size: int) -> None:
        if size < 2:
            raise UserError(f"coreset.size {size} must be at least 2")
        self.size = size
        self._patches: list[NDArray[np.float32]] = []
        self._members: NDArray[np.float32] | None = None

    @property
    def features(self) -> NDArray[np.float32]:
        """The members (M, C). Raises UserError for fewer patches than members."""
        if self._members is None:
            patches = np.concatenate(self._patches) if self._patches else np.empty((0, 1), dtype=np.float32)
            if len(patches) < self.size:
                raise UserError(f"too few patches: {len(patches)} for a coreset of {self.size}")
            self._members = patches[self._chosen(patches)]
        return self._members

    @property
    def smallest_distance(self) -> float:
        """The smallest Euclidean distance between two members."""
        return math.sqrt(arrays_of(self.features.copy()).minima.min())

    def update(self, patches: NDArray[np.float32], width: int = 1) -> None:  # noqa: ARG002 (one interface)
        """Keep patches (N, C)."""
        self._patches.append(np.array(patches, dtype=np.float32))
        self._members = None

    def _chosen(self, patches: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the indices (M,) of the patches that become members."""
        raise NotImplementedError


class TopDownCoreset(_CollectedPatches):
    """The original reduction of the paper's section IV, which removes one vector at a time.

    The vector with the smallest distance to its closest neighbour is removed; of a closest pair, the first. Memory: 8
    N^2 bytes for N patches.
    """

    def _chosen(self, patches: NDArray[np.float32]) -> NDArray[np.int64]:
        arrays = arrays_of(patches.copy())
        return np.flatnonzero(_kept(arrays, self.size))


class FarthestFirstCoreset(_CollectedPatches):
    """Greedy k-center like anomalib's PatchCore, without random projection.

    From a seeded first patch on, the patch farthest from all members becomes a member; of several, the first. The
    radius is within a factor of 2 of the best.
    """

    def __init__(self, size: int, seed: int) -> None:
        super().__init__(size)
        self.seed = seed

    def _chosen(self, patches: NDArray[np.float32]) -> NDArray[np.int64]:
        first = int(np.random.default_rng(self.seed).integers(len(patches)))
        return _farthest_first(patches, self.size, first)


@compiled
def _kept(arrays: CoresetArrays, size: int) -> NDArray[np.bool_]:
    distances, minima, nearest = arrays.distances, arrays.minima, arrays.nearest
    kept = np.ones(minima.shape[0], dtype=np.bool_)
    for _ in range(minima.shape[0] - size):
        removed = int(np.argmin(minima))
        kept[removed] = False
        distances[removed, :] = np.inf
        distances[:, removed] = np.inf
        minima[removed] = np.inf
        for j in range(minima.shape[0]):
            if kept[j] and nearest[j] == removed:
                nearest[j] = nearest_other(distances, j)
                minima[j] = distances[j, nearest[j]]
    return kept


@compiled
def _farthest_first(patches: NDArray[np.float32], size: int, first: int) -> NDArray[np.int64]:
    chosen = np.empty(size, dtype=np.int64)
    nearest = np.full(patches.shape[0], np.inf)
    for k in range(size):
        chosen[k] = first if k == 0 else int(np.argmax(nearest))
        for i in range(patches.shape[0]):
            if is_within(patches[i], patches[chosen[k]], nearest[i]):
                nearest[i] = squared_distance(patches[i], patches[chosen[k]])
        nearest[chosen[k]] = -1.0
    return chosen
