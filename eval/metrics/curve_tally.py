"""Pixel-level curves over any number of images in constant memory."""

import numpy as np
import numpy.typing as npt

from eval.metrics.curves import Weights
from training.model.score_histogram import ScoreHistogram


class CurveTally:
    """Four score histograms: pixels of defects, of impurities and of the background, and defect pixels weighted by 1 /
    area of their region.
    """

    def __init__(self) -> None:
        self._kinds = {kind: ScoreHistogram() for kind in ("defect", "impurity", "background")}
        self._overlaps = ScoreHistogram()

    def add(
        self,
        scores: dict[str, npt.NDArray[np.float32]],
        region_areas: npt.NDArray[np.float64],
    ) -> None:
        """Add the scores of one image by kind, each (N,) >= 0; region_areas holds for every defect pixel the area of
        its region.
        """
        for kind, histogram in self._kinds.items():
            histogram.add(scores[kind])
        self._overlaps.add(scores["defect"], 1.0 / region_areas)

    def by_kind(self) -> dict[str, Weights]:
        """Weights per score bin of every kind, ascending."""
        return {kind: histogram.weights for kind, histogram in self._kinds.items()}

    def weights(self) -> tuple[Weights, Weights, Weights]:
        """(positives, negatives, overlaps) per score bin, ascending, for eval.metrics.curves."""
        kinds = self.by_kind()
        return kinds["defect"], kinds["impurity"] + kinds["background"], self._overlaps.weights
