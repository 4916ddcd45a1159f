"""A random sample of the first epoch's patches, to fill an empty coreset."""

import numpy as np
from numpy.typing import NDArray

FILLINGS = ("first", "reservoir")


class Reservoir:
    """A uniform sample of ``size`` of all patches offered (Vitter's algorithm R); memory is that of the sample.

    Patch number t is drawn at position t of the seed's stream. The sample depends only on the seed and the patches, not
    on their division into images. ``rows`` and ``offered`` are the whole state.
    """

    def __init__(self, size: int, channels: int, seed: int) -> None:
        self.size = size
        self.seed = seed
        self.rows: NDArray[np.float32] = np.empty((0, channels), dtype=np.float32)
        """The sample so far (<= size, C), in the order of its slots."""
        self.offered = 0
        """Number of patches seen."""

    def offer(self, patches: NDArray[np.float32]) -> NDArray[np.int64]:
        """Add patches (N, C) in order, each with probability size / (its number + 1).

        Returns the entries (R, 2) in order: the patch's index in this call, and the slot.
        """
        held = len(self.rows)
        entering = min(len(patches), self.size - len(self.rows))
        if entering:
            self.rows = np.concatenate([self.rows, patches[:entering]])
        numbers = np.arange(self.offered + entering, self.offered + len(patches))
        slots = np.floor(self._uniform(len(numbers)) * (numbers + 1)).astype(np.int64)
        taken = np.flatnonzero(slots < self.size)
        self.rows[slots[taken]] = patches[entering + taken]  # the last patch drawn for a slot keeps it
        self.offered += len(patches)
        filled = np.stack([np.arange(entering), held + np.arange(entering)], axis=1)
        return np.concatenate([filled, np.stack([entering + taken, slots[taken]], axis=1)])

    def _uniform(self, count: int) -> NDArray[np.float64]:
        stream = np.random.PCG64([self.seed, 1])
        stream.advance(max(self.offered, self.size))  # one draw per patch from number ``size`` on
        return np.random.Generator(stream).random(count)
