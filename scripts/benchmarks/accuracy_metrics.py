"""Image AUROC, AUPRO and largest pixel F1 of a set of anomaly maps."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from eval.metrics.curve_tally import CurveTally
from scripts.benchmarks.accuracy_data import LabelledTestImage, fitted_to
from training.model.curves import aupro, auroc, weights_by_score

METRICS = ("image_auroc", "aupro", "f1")
LIMIT = 0.3
"""The false-positive rate up to which AUPRO is integrated."""


def accuracy(
    maps: Sequence[NDArray[np.float32]], scores: Sequence[float], test_images: Sequence[LabelledTestImage]
) -> dict[str, float | None]:
    """Return the metrics in 0..1 of maps, each resized to its image, and image scores; None for undefined ones.

    F1 is the largest over all thresholds of the test pixels, so that the comparison does not depend on a choice of
    threshold.
    """
    tally, regions = CurveTally(), 0
    for scored, image in zip(maps, test_images, strict=True):
        fitted = fitted_to(scored, image.shape)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(image.defect.astype(np.uint8))
        areas = stats[labels[image.defect], cv2.CC_STAT_AREA].astype(np.float64)
        sound = ~image.defect & ~image.ignored
        parts = {"defect": fitted[image.defect], "impurity": np.empty(0, np.float32), "background": fitted[sound]}
        tally.add(parts, areas)
        regions += count - 1
    positives, negatives, overlaps = tally.weights()
    defective = np.array([image.defect.any() for image in test_images])
    return {
        "image_auroc": auroc(*weights_by_score(np.asarray(scores), defective)),
        "aupro": aupro(overlaps, regions, negatives, LIMIT),
        "f1": largest_f1(positives, negatives),
    }


def largest_f1(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float | None:
    """Return the largest F1 over thresholds, from weights by ascending score; None without positives."""
    if positives.sum() == 0:
        return None
    true_positives = np.cumsum(positives[::-1])
    predicted = true_positives + np.cumsum(negatives[::-1])
    return float((2 * true_positives / (predicted + positives.sum())).max())
