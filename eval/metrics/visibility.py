"""Recall over visibility: which instances are found among those that stand out of the noise by as much."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.metrics.defect_wise import Instance
from eval.metrics.pixel_counts import CLASS_IDS
from training.data.dataset import DefectClass

EDGES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Lower ends of the ranges of visibility; the last range has no upper end."""


@dataclass(frozen=True)
class Seen:
    """An image's labels as far as they count.

    `mask` is uint8 (H, W) with the instances below the minimum ignored; `ignored` is their number.
    """

    mask: npt.NDArray[np.uint8]
    ignored: int


def without_invisible(
    mask: npt.NDArray[np.uint8],
    instances: npt.NDArray[np.integer],
    visibility: Mapping[int, float],
    minimum: float,
    ignore_id: int,
) -> Seen:
    """Return a mask (H, W) in which the instances of a visibility below `minimum` are ignored.

    `visibility` is by instance id. An instance without a visibility stays.
    """
    hidden = [number for number, value in visibility.items() if value < minimum]
    if not hidden:
        return Seen(mask, 0)
    inside = np.isin(instances, hidden) & (mask != ignore_id)
    ignored = len(np.unique(instances[inside]))
    return Seen(np.where(inside, np.uint8(ignore_id), mask), ignored)


class VisibilityTally:
    """Counter of all and of found instances by class and range of visibility."""

    def __init__(self, minimum: float) -> None:
        self.minimum = minimum
        self.counts = np.zeros((2, CLASS_IDS, len(EDGES)), np.int64)
        self.ignored = 0

    def add(self, measured: Iterable[tuple[Instance, bool]], visibility: Mapping[int, float]) -> None:
        """Add the instances of one image and whether each is found; those without a visibility are left out."""
        for instance, found in measured:
            if instance.instance_id in visibility:
                place = int(np.searchsorted(EDGES, visibility[instance.instance_id], side="right")) - 1
                self.counts[0, instance.class_id, place] += 1
                self.counts[1, instance.class_id, place] += found

    def compute(self, classes: Iterable[DefectClass]) -> dict[str, Any] | None:
        """Return the ranges' lower ends and, by class, the numbers of instances and of found ones in each range.

        None if no instance has a visibility.
        """
        if not self.counts.any() and not self.ignored:
            return None
        return {
            "minimum": self.minimum,
            "ignored": self.ignored,
            "edges": list(EDGES),
            "instances": {entry.name: self.counts[0, entry.id].tolist() for entry in classes},
            "found": {entry.name: self.counts[1, entry.id].tolist() for entry in classes},
        }
