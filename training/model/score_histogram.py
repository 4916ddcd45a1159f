"""A histogram of scores in constant memory, fine enough for thresholds and curves."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

BINS = 1 << 20
_SHIFT = 11  # float32 has 23 mantissa bits; 12 are kept


class ScoreHistogram:
    """Weights of float32 scores >= 0, keyed by the upper 20 bits below the sign of their bit pattern.

    The bit pattern of a non-negative float has the order of the float, so bins are ordered and their width grows with
    the score. A normal score and its bin's lower edge differ by less than a factor 1 + 2**-12 (0.025 %) at any scale,
    without a range chosen beforehand. The memory is 8 MiB for any number of scores. Weights are float64: counts are
    exact up to 2**53.
    """

    def __init__(self) -> None:
        self.weights: NDArray[np.float64] = np.zeros(BINS, dtype=np.float64)

    def add(self, scores: NDArray[np.float32], weights: NDArray[np.float64] | None = None) -> None:
        """Add scores of any shape, each with weight 1 or its own.

        Raises ValueError for negative or non-finite scores.
        """
        flat = np.asarray(scores, dtype=np.float32).ravel()
        if flat.size == 0:
            return
        if not (flat.min() >= 0 and np.isfinite(flat.max())):  # NaN fails the first comparison
            raise ValueError("scores must be finite and not negative")
        flat_weights = None if weights is None else np.asarray(weights, dtype=np.float64).ravel()
        self.weights += np.bincount(bin_of(flat), weights=flat_weights, minlength=BINS)

    def __iadd__(self, other: Self) -> Self:
        self.weights += other.weights
        return self

    @property
    def total(self) -> float:
        """The sum of all weights."""
        return float(self.weights.sum())

    def at_or_above(self) -> NDArray[np.float64]:
        """Return, for every bin, the weight of the scores >= its lower edge: (BINS,) float64."""
        return np.cumsum(self.weights[::-1])[::-1]


def bin_of(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the bin of each float32 score >= 0 (-0.0 counts as 0)."""
    return ((scores + np.float32(0)).view(np.uint32) >> _SHIFT).astype(np.int64)


def lower_edges(bins: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the smallest score of each bin.

    ``scores >= edge`` holds exactly for the scores of that bin and those above.
    """
    return (np.asarray(bins, dtype=np.uint32) << np.uint32(_SHIFT)).view(np.float32)
