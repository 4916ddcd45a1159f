"""The sequential coreset (paper, section IV): a memory of M patch features that spreads over the nominal zone."""

import math

import numpy as np
from numpy.typing import NDArray

from training.coreset_distance import CoresetArrays, arrays_of, update
from training.user_error import UserError


class SequentialCoreset:
    """M feature vectors and the distances between them; memory is that of M, whatever the number of patches seen.

    The result is that of the literal algorithm, replacement by replacement, in the canonical distance
    (``coreset_distance``): ``update`` may be called with any division of the patches into chunks. The state is
    ``arrays`` and three counters.
    """

    def __init__(self, size: int, channels: int) -> None:
        if size < 2:
            raise UserError(f"coreset.size {size} must be at least 2: the rule compares distances between members")
        self.features: NDArray[np.float32] = np.zeros((size, channels), dtype=np.float32)
        """The members, a row each; rows from ``filled`` on are still to come."""
        self.arrays: CoresetArrays | None = None
        """What the rule works on, from the moment that the coreset is full."""
        self.filled = 0
        self.patches_seen = 0
        self.replacements = 0

    @property
    def size(self) -> int:
        """The number of members when full."""
        return len(self.features)

    @property
    def is_full(self) -> bool:
        """Whether as many patches have come as there are places."""
        return self.arrays is not None

    @property
    def smallest_distance(self) -> float:
        """The paper's d_m, Euclidean: the smallest distance between two members. It never falls. NaN until the
        coreset is full.
        """
        return math.nan if self.arrays is None else float(np.sqrt(self.arrays.minima.min()))

    def update(self, patches: NDArray[np.float32], width: int = 1) -> NDArray[np.int64]:
        """Let patches (N, C) enter in order: first they fill the coreset, then they replace members.

        ``width`` is the number of patches in a row of the patch map; it only speeds up. Returns the replacements (R,
        2): the patch's number, counted from 0 over the life of the coreset, and the slot. Features must be finite.
        """
        patches = np.ascontiguousarray(patches, dtype=np.float32)
        entering = min(len(patches), self.size - self.filled)
        if entering:
            self.features[self.filled : self.filled + entering] = patches[:entering]
            self.filled += entering
            if self.filled == self.size:
                self.arrays = self._completed()
        log = np.empty((len(patches) - entering, 2), dtype=np.int64)
        replaced = update(self.arrays, patches[entering:], max(width, 1), log) if self.arrays is not None else 0
        log = log[:replaced] + np.array([self.patches_seen + entering, 0])
        self.patches_seen += len(patches)
        self.replacements += replaced
        return log

    def _completed(self) -> CoresetArrays:
        try:
            return arrays_of(self.features)
        except MemoryError as error:
            needed = 8 * self.size**2 / 2**30
            raise UserError(
                f"coreset.size={self.size} needs {needed:.1f} GiB for its distances; choose a smaller one"
            ) from error
