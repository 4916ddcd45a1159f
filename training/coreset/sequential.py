"""The sequential coreset (paper, section IV): M patch features that spread over the nominal features."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.coreset.backend import CoresetBackend
from training.coreset.nearest_member import Nearest
from training.coreset.numba_rule import NumbaCoreset
from training.support.user_error import UserError


class SequentialCoreset:
    """M feature vectors and the distances between them; memory depends on M only, not on the number of patches.

    The result is that of the literal algorithm, replacement by replacement, in the canonical distance
    (``distance.py``). ``update`` accepts the patches in chunks of any size.
    """

    def __init__(
        self, size: int, channels: int, backend: Callable[[NDArray[np.float32]], CoresetBackend] = NumbaCoreset
    ) -> None:
        if size < 2:
            raise UserError(f"coreset.size {size} must be at least 2: the rule compares distances between members")
        self.size = size
        self.channels = channels
        self.backend: CoresetBackend | None = None
        """The back end that keeps the members and applies the rule; None until the coreset is full."""
        self.patches_seen = 0
        self.replacements = 0
        self._make = backend
        self._filling: NDArray[np.float32] = np.empty((0, channels), dtype=np.float32)

    @property
    def features(self) -> NDArray[np.float32]:
        """The members (M, C) in the order of their slots; fewer rows until the coreset is full."""
        return self._filling if self.backend is None else self.backend.features

    @property
    def is_full(self) -> bool:
        """True once the coreset has all of its members."""
        return self.backend is not None

    @property
    def smallest_distance(self) -> float:
        """The paper's d_m: the smallest Euclidean distance between two members, NaN until full. It never decreases."""
        return math.nan if self.backend is None else math.sqrt(self.backend.smallest_squared)

    @property
    def smallest_squared(self) -> float:
        """The square of ``smallest_distance``."""
        return math.nan if self.backend is None else self.backend.smallest_squared

    def update(self, patches: NDArray[np.float32], width: int = 1) -> NDArray[np.int64]:
        """Add patches (N, C) in order: the first fill the coreset, later ones replace members.

        ``width`` is the number of patches in a row of the patch map; it affects speed only. Features must be finite.
        Returns the replacements (R, 2): the patch's number, counted from 0 over the life of the coreset, and the slot.
        """
        patches = np.ascontiguousarray(patches, dtype=np.float32)
        entering = 0
        if self.backend is None:
            entering = min(len(patches), self.size - len(self._filling))
            self._filling = np.concatenate([self._filling, patches[:entering]])
            if len(self._filling) == self.size:
                self.backend = self._completed()
        log = np.empty((0, 2), dtype=np.int64)
        if self.backend is not None and entering < len(patches):
            log = self.backend.update(patches[entering:], max(width, 1)) + np.array([self.patches_seen + entering, 0])
        self.patches_seen += len(patches)
        self.replacements += len(log)
        return log

    def restore(self, features: NDArray[np.float32], patches_seen: int, replacements: int) -> None:
        """Restore the members and counters of a coreset of the same size, full or not."""
        self.backend = None
        self._filling = np.array(features, dtype=np.float32)
        if len(self._filling) == self.size:
            self.backend = self._completed()
        self.patches_seen, self.replacements = patches_seen, replacements

    def cover(self, patches: NDArray[np.float32], width: int, squared_radius: float) -> float:
        """Return the larger of ``squared_radius`` and the largest squared distance from patches (N, C) to the coreset.

        The coreset must be full and does not change.
        """
        assert self.backend is not None
        return self.backend.cover(np.ascontiguousarray(patches, dtype=np.float32), max(width, 1), squared_radius)

    def nearest(self, patches: NDArray[np.float32], width: int, left_out: NDArray[np.bool_] | None = None) -> Nearest:
        """Return the nearest member of each patch (N, C); members in ``left_out`` (M,) are not taken.

        The coreset must be full and does not change.
        """
        assert self.backend is not None
        return self.backend.nearest(np.ascontiguousarray(patches, dtype=np.float32), max(width, 1), left_out)

    def reached(
        self, patches: NDArray[np.float32], wanted: NDArray[np.int64], squared_limit: float
    ) -> NDArray[np.bool_]:
        """Return which of the members ``wanted`` (K,) have a patch (N, C) within a squared distance: bool (K,).

        The coreset must be full and does not change.
        """
        assert self.backend is not None
        return self.backend.reached(np.ascontiguousarray(patches, dtype=np.float32), wanted, squared_limit)

    def _completed(self) -> CoresetBackend:
        try:
            return self._make(self._filling)
        except MemoryError as error:
            needed = 8 * self.size**2 / 2**30
            raise UserError(
                f"coreset.size={self.size} needs {needed:.1f} GiB for its distances; choose a smaller one"
            ) from error
