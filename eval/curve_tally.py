"""Pixel-level curves over any number of images in constant memory."""

import numpy as np
import numpy.typing as npt

from eval.curves import Weights
from training.score_histogram import ScoreHistogram


class CurveTally:
    """Three score histograms: defect pixels, other counted pixels, and region pixels weighted by 1 / area of their
    region.
    """

    def __init__(self) -> None:
        self._positives = ScoreHistogram()
        self._negatives = ScoreHistogram()
        self._overlaps = ScoreHistogram()
        self.regions = 0

    def add(
        self,
        positives: npt.NDArray[np.float32],
        negatives: npt.NDArray[np.float32],
        region_scores: npt.NDArray[np.float32],
        region_areas: npt.NDArray[np.float64],
        regions: int,
    ) -> None:
        """Add the scores of one image, each (N,) >= 0; region_areas holds for every region pixel the area of its
        region.
        """
        self._positives.add(positives)
        self._negatives.add(negatives)
        self._overlaps.add(region_scores, 1.0 / region_areas)
        self.regions += regions

    def weights(self) -> tuple[Weights, Weights, Weights]:
        """(positives, negatives, overlaps) per score bin, ascending, for eval.curves."""
        return self._positives.weights, self._negatives.weights, self._overlaps.weights
