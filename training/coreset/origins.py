"""Origins of members: the image, the epoch and the place that each member came from."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

UNKNOWN = -1


@dataclass
class Origins:
    """The origins of M places of a coreset; memory depends on M only."""

    numbers: NDArray[np.int32]
    """(M, 2): the image, as a number in a list that the caller keeps, and the epoch; UNKNOWN where there is none."""
    places: NDArray[np.float32]
    """(M, 2): x and y of the patch's centre [pixels of the image as the extractor saw it]."""

    @classmethod
    def unknown(cls, size: int) -> Self:
        """Return the origins of ``size`` places of which nothing is known."""
        return cls(np.full((size, 2), UNKNOWN, dtype=np.int32), np.zeros((size, 2), dtype=np.float32))

    def enter(self, slots: NDArray[np.int64], image: int, epoch: int, places: NDArray[np.float32]) -> None:
        """Record that patches of an image with centres ``places`` (R, 2) took the slots (R,), in order."""
        self.numbers[slots] = (image, epoch)  # of repeated slots the last assignment stays
        self.places[slots] = places

    def taken(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "Origins":
        """Return a copy of some rows."""
        return Origins(self.numbers[rows].copy(), self.places[rows].copy())

    def put(self, first: int, others: "Origins") -> None:
        """Write the origins of others from place ``first`` on."""
        rows = slice(first, first + len(others.numbers))
        self.numbers[rows], self.places[rows] = others.numbers, others.places
