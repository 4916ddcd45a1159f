"""Exact counts of pixels, instances and images at a grid of thresholds centred on the model's threshold."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.metrics.pixel_counts import CLASS_IDS
from training.data.dataset import DefectClass


def sweep_thresholds(threshold: float, octaves: float, steps_per_octave: int) -> npt.NDArray[np.float32]:
    """Return float32 thresholds from threshold / 2**octaves to threshold * 2**octaves, ascending.

    The given threshold is the middle one. There are at most 255. A threshold <= 0 is returned alone.
    """
    if threshold <= 0:
        return np.array([threshold], np.float32)
    steps = min(round(octaves * steps_per_octave), 127)
    factors = 2.0 ** (np.arange(-steps, steps + 1) / steps_per_octave)
    return (np.float32(threshold) * factors).astype(np.float32)


class ThresholdSweep:
    """Counter of pixels, instances and images at every threshold, in constant memory."""

    def __init__(self, thresholds: npt.NDArray[np.float32], coverages: Sequence[float]) -> None:
        self.thresholds = thresholds
        self.coverages = tuple(coverages)
        steps = len(thresholds)
        self._pixels = np.zeros((CLASS_IDS, steps + 1), np.int64)
        self._found = np.zeros((len(self.coverages), CLASS_IDS, steps), np.int64)
        self._instances = np.zeros(CLASS_IDS, np.int64)
        self._images = np.zeros((2, steps + 1), np.int64)

    def add(
        self,
        anomaly_map: npt.NDArray[np.float32],
        mask: npt.NDArray[np.uint8],
        instances: npt.NDArray[np.integer],
        counted: npt.NDArray[np.bool_],
        image_score: float,
        defective: bool,
    ) -> None:
        """Add one image. All arrays have shape (H, W); counted is False at ignored pixels."""
        width = len(self.thresholds) + 1
        # The level of a score is the number of thresholds that are <= the score.
        levels = np.searchsorted(self.thresholds, anomaly_map, side="right").astype(np.int32)
        table = np.bincount((mask.astype(np.int32) * width + levels).ravel(), minlength=CLASS_IDS * width)
        self._pixels += table.reshape(CLASS_IDS, width)
        score = np.float32(image_score)
        self._images[int(defective), np.searchsorted(self.thresholds, score, side="right")] += 1
        inside = (instances > 0) & counted
        ids, first, place = np.unique(instances[inside], return_index=True, return_inverse=True)
        table = np.bincount(place.ravel() * width + levels[inside], minlength=len(ids) * width)
        predicted = _at_or_above(table.reshape(len(ids), width))
        areas = np.bincount(place.ravel(), minlength=len(ids))
        classes = mask[inside][first]
        np.add.at(self._instances, classes, 1)
        for found, minimum in zip(self._found, self.coverages, strict=True):
            np.add.at(found, classes, (predicted > 0) & (predicted / np.maximum(areas, 1)[:, None] >= minimum))

    def compute(self, classes: Sequence[DefectClass]) -> dict[str, Any]:
        """Return the counts as results.json stores them; "found" has one row per coverage."""
        return {
            "thresholds": [float(value) for value in self.thresholds],
            "coverages": list(self.coverages),
            "classes": [
                {
                    "name": entry.name,
                    "kind": entry.kind,
                    "pixels": int(self._pixels[entry.id].sum()),
                    "predicted": _at_or_above(self._pixels[entry.id]).tolist(),
                    "instances": int(self._instances[entry.id]),
                    "found": self._found[:, entry.id].tolist(),
                }
                for entry in classes
            ],
            "images": {
                name: {"images": int(row.sum()), "alarmed": _at_or_above(row).tolist()}
                for name, row in zip(("other", "defective"), self._images, strict=True)
            },
        }


def _at_or_above(by_level: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Turn counts by level (..., T + 1) into counts at or above each of the T thresholds, (..., T)."""
    return np.cumsum(by_level[..., ::-1], axis=-1)[..., ::-1][..., 1:]
