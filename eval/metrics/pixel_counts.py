"""Pixel-wise precision, recall and F1 at a threshold (paper, section V-B), from one table of counts per class.

Positives are the pixels of classes of kind "defect"; background and impurities are negatives; ignored pixels count
nowhere. A figure without anything to measure is None, never 0 or 1.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CLASS_IDS = 256  # a mask is uint8


@dataclass(frozen=True)
class PixelCounts:
    """Counts of pixels of one image or of many."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    ignored: int


def count_by_class(predicted: npt.NDArray[np.bool_], mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Count the pixels of every class id.

    predicted and mask are (H, W). Returns (2, 256): row 0 all pixels of the class, row 1 those of them that are
    predicted. Raises ValueError when the shapes differ. Tables of several images are added.
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
    """Fold a (2, 256) table of count_by_class into the binary counts."""
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
    """part / whole, or None (not measured) when there is no whole."""
    return part / whole if whole else None


def precision(counts: PixelCounts) -> float | None:
    """TP / (TP + FP) in [0, 1]; None when nothing is predicted."""
    return ratio(counts.true_positives, counts.true_positives + counts.false_positives)


def recall(counts: PixelCounts) -> float | None:
    """TP / (TP + FN) in [0, 1]; None when there is no defect."""
    return ratio(counts.true_positives, counts.true_positives + counts.false_negatives)


def f1(counts: PixelCounts) -> float | None:
    """2 TP / (2 TP + FP + FN) in [0, 1]; None when there is neither a defect nor a prediction."""
    return ratio(2 * counts.true_positives, 2 * counts.true_positives + counts.false_positives + counts.false_negatives)


def class_recall(by_class: npt.NDArray[np.int64], class_id: int) -> float | None:
    """Share of the class's pixels that are predicted (paper, table I, R_PX); None when the class has no pixel."""
    return ratio(int(by_class[1, class_id]), int(by_class[0, class_id]))
