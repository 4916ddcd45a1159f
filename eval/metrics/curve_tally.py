"""Pixel-level score histograms of any number of images, in constant memory."""

import numpy as np
import numpy.typing as npt

from training.model.curves import Weights
from training.model.score_histogram import ScoreHistogram

PIXEL_KINDS = ("defect", "impurity", "background")


class CurveTally:
    """Four score histograms: one per pixel kind, and one of defect pixels weighted by 1 / area of the region."""

    def __init__(self) -> None:
        self._kinds = {kind: ScoreHistogram() for kind in PIXEL_KINDS}
        self._overlaps = ScoreHistogram()

    def add(
        self,
        scores: dict[str, npt.NDArray[np.float32]],
        region_areas: npt.NDArray[np.float64],
    ) -> None:
        """Add the scores of one image.

        scores maps each of PIXEL_KINDS to an array (N,) of scores >= 0. region_areas holds the area of the region of
        each defect pixel.
        """
        for kind, histogram in self._kinds.items():
            histogram.add(scores[kind])
        self._overlaps.add(scores["defect"], 1.0 / region_areas)

    def by_kind(self) -> dict[str, Weights]:
        """Return the weights per score bin, ascending, of each of PIXEL_KINDS."""
        return {kind: histogram.weights for kind, histogram in self._kinds.items()}

    def weights(self) -> tuple[Weights, Weights, Weights]:
        """Return (positives, negatives, overlaps) per score bin, ascending, as training.model.curves takes them."""
        kinds = self.by_kind()
        return kinds["defect"], kinds["impurity"] + kinds["background"], self._overlaps.weights
