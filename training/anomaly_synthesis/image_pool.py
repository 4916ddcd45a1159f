"""Decoded images within a limit of memory, at the size that a training uses."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Read = Callable[[Path], NDArray[np.uint8]]


class Images(Protocol):
    """Images (H, W, 3) by number, and their files."""

    @property
    def paths(self) -> tuple[Path, ...]: ...  # noqa: D102
    def __len__(self) -> int: ...
    def __getitem__(self, number: int) -> NDArray[np.uint8]: ...


class ImagePool:
    """Images by number; decoded ones are kept up to ``limit`` bytes, the oldest are dropped first."""

    def __init__(self, paths: Sequence[Path], read: Read, limit: int = 2**28) -> None:
        self.paths = tuple(paths)
        self._read = read
        self._limit = limit
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> NDArray[np.uint8]:
        """Return an image (H, W, 3). Raises UserError if it cannot be read."""
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        image = self._read(self.paths[number])
        self._kept[number] = image
        self._bytes += image.nbytes
        while self._bytes > self._limit and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.nbytes
        return image
