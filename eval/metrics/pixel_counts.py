"""Pixel-wise precision, recall and F1 at a threshold (paper, section V-B), computed from pixel counts per class.

Pixels of classes of kind "defect" are positives. Pixels of the background and of impurities are negatives. Ignored
pixels are not counted. A metric with an empty denominator is None, never 0 or 1.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CLASS_IDS = 256  # masks are uint8


@dataclass(frozen=True)
class PixelCounts:
    """Pixel counts of one or more images."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    ignored: int


def count_by_class(predicted: npt.NDArray[np.bool_], mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Count the pixels and the predicted pixels of every class id.

    predicted and mask have shape (H, W). The result is int64 of shape (2, 256): row 0 counts all pixels of a class,
    row 1 the predicted ones. Add the tables of several images to get the table of all. Raises ValueError if the shapes
    differ.
    """
    if predicted.shape != mask.shape:
        raise ValueError(f"the prediction has shape {predicted.shape}, the mask {mask.shape}")
    return np.stack(
        [
            np.bincount(mask.ravel(), minlength=CLASS_IDS),
            np.bincount(mask[predicted], minlength=CLASS_IDS),
        ]
    ).astype(np.int64)


def binary_counts(by_class: npt.NDArray[np.int64], defect_ids: Collection[int], ignore_id: int) -> PixelCounts:
    """Reduce a (2, 256) table from count_by_class to binary counts."""
    is_defect = np.isin(np.arange(CLASS_IDS), list(defect_ids))
    is_negative = ~is_defect
    is_negative[ignore_id] = False
    total, predicted = by_class
    true_positives = int(predicted[is_defect].sum())
    false_positives = int(predicted[is_negative].sum())
    return PixelCounts(
        true_positives=true_positives,
        false_positives=false_positives,
        false_negatives=int(total[is_defect].sum()) - true_positives,
        true_negatives=int(total[is_negative].sum()) - false_positives,
        ignored=int(total[ignore_id]),
    )


def ratio(part: float, whole: float) -> float | None:
    """Return part / whole, or None (not measured) if whole is 0."""
    return part / whole if whole else None


def precision(counts: PixelCounts) -> float | None:
    """Return TP / (TP + FP) in [0, 1]; None if nothing is predicted."""
    return ratio(counts.true_positives, counts.true_positives + counts.false_positives)


def recall(counts: PixelCounts) -> float | None:
    """Return TP / (TP + FN) in [0, 1]; None if there is no defect."""
    return ratio(counts.true_positives, counts.true_positives + counts.false_negatives)


def f1(counts: PixelCounts) -> float | None:
    """Return 2 TP / (2 TP + FP + FN) in [0, 1]; None if there is neither a defect nor a prediction."""
    return ratio(2 * counts.true_positives, 2 * counts.true_positives + counts.false_positives + counts.false_negatives)


def class_recall(by_class: npt.NDArray[np.int64], class_id: int) -> float | None:
    """Return the predicted share of the class's pixels (paper, table I, R_PX); None if the class has no pixel."""
    return ratio(int(by_class[1, class_id]), int(by_class[0, class_id]))
