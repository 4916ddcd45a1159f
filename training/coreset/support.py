"""Support of members: the number of train images that have a patch for which a member is the nearest."""

import numpy as np
from numpy.typing import NDArray

from training.coreset.nearest_member import Nearest


class SupportCount:
    """Supports of M members and leave-one-out scores of images, counted image by image in one pass.

    The memory depends on M, and on the number of images by one float each. An image's *leave-one-out score* says how
    unlike all other images it is: the mean of the largest distances of its patches to members that come from other
    images. A member has *company* if a patch of another image lies within the coreset's smallest distance of it.
    ``supports``, ``company`` and ``scores``, after whole images, are the whole state.
    """

    LARGEST = 0.1
    """Share of an image's patches whose distances are averaged; at least one."""

    def __init__(self, size: int, images: int) -> None:
        self.supports: NDArray[np.int32] = np.zeros(size, dtype=np.int32)
        self.company: NDArray[np.bool_] = np.zeros(size, dtype=np.bool_)
        self.scores: NDArray[np.float32] = np.zeros(images, dtype=np.float32)
        self._used: NDArray[np.bool_] = np.zeros(size, dtype=np.bool_)
        self._distances: list[NDArray[np.float32]] = []

    def restore(self, supports: NDArray[np.int32], company: NDArray[np.bool_], scores: NDArray[np.float32]) -> None:
        """Restore the state after a whole image."""
        self.supports, self.company, self.scores = supports.copy(), company.copy(), scores.copy()

    def add(self, nearest: Nearest, to_others: NDArray[np.float64]) -> None:
        """Add patches of the present image.

        ``nearest`` are their nearest members, ``to_others`` (N,) their squared distances to the nearest member of
        another image (infinite without one).
        """
        self._used[nearest.members] = True
        self._distances.append(np.sqrt(to_others).astype(np.float32))

    def end_image(self, image: int) -> None:
        """Count the present image, which has the number ``image``."""
        self.supports += self._used
        self._used[:] = False
        distances = np.concatenate(self._distances) if self._distances else np.empty(0, dtype=np.float32)
        self._distances = []
        distances = distances[np.isfinite(distances)]
        if len(distances):
            count = max(round(self.LARGEST * len(distances)), 1)
            largest = np.partition(distances, len(distances) - count)[-count:]
            self.scores[image] = largest.mean(dtype=np.float64)
