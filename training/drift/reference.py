"""The drift reference of a model: what the scores and the pictures were like when its threshold was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.drift.image_statistics import IMAGE_STATISTICS, SCORE, image_statistics

MOST_VALUES = 512
"""Values kept of a statistic: more images are thinned to evenly spaced order statistics."""
FEWEST_NOMINAL = 10
"""Fewer nominal images describe no light and no lens: the image statistics are then those of all validation images."""


@dataclass(frozen=True)
class DriftReference:
    """Sorted values (n,), float64, of every statistic, and the number of images that they come from."""

    images: int
    """Validation images behind the image statistics."""
    nominal_images: int
    """Validation images without a defect; the scores are theirs alone."""
    values: dict[str, NDArray[np.float64]]
    """By the names of IMAGE_STATISTICS, and SCORE where there are nominal images."""

    def document(self) -> dict[str, Any]:
        """Return the reference as a model file has it."""
        values = {name: [float(value) for value in found] for name, found in self.values.items()}
        return {"images": self.images, "nominal_images": self.nominal_images, "values": values}


def read_reference(document: Mapping[str, Any] | None) -> DriftReference | None:
    """Return the reference in a model file's record, or None if the file holds none."""
    if document is None:
        return None
    values = {name: np.sort(np.asarray(found, np.float64)) for name, found in document["values"].items()}
    return DriftReference(document["images"], document["nominal_images"], values)


class ReferenceTally:
    """The validation images of a training, image by image, and the reference that they give."""

    def __init__(self) -> None:
        self._nominal: list[dict[str, float]] = []
        self._others: list[dict[str, float]] = []

    def add(
        self, image: NDArray[np.uint8], score: float, nominal: bool, inside: NDArray[np.bool_] | None = None
    ) -> None:
        """Add an RGB image (H, W, 3), its score, that it shows no defect, and its region of interest (H, W)."""
        (self._nominal if nominal else self._others).append({**image_statistics(image, inside), SCORE: score})

    def reference(self) -> DriftReference | None:
        """Return the reference, or None without images."""
        described = self._nominal if len(self._nominal) >= FEWEST_NOMINAL else [*self._nominal, *self._others]
        if not described:
            return None
        values = {name: _kept([row[name] for row in described]) for name in IMAGE_STATISTICS}
        if self._nominal:
            values[SCORE] = _kept([row[SCORE] for row in self._nominal])
        return DriftReference(len(described), len(self._nominal), values)


def _kept(values: list[float]) -> NDArray[np.float64]:
    ordered = np.sort(np.asarray(values, np.float64))
    if len(ordered) <= MOST_VALUES:
        return ordered
    return ordered[np.linspace(0, len(ordered) - 1, MOST_VALUES).round().astype(np.int64)]
