"""The figures of an evaluation from sums over images; sums of plates add up, so any set of plates has its figures."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.metrics.curves import Weights, aupro, auroc, average_precision
from eval.metrics.defect_wise import mean_recall
from eval.metrics.pixel_counts import binary_counts, class_recall, f1, precision, ratio, recall

FIGURES = (
    "pixel_precision",
    "pixel_recall",
    "pixel_f1",
    "mean_defect_wise_recall",
    "image_auroc",
    "image_average_precision",
    "pixel_auroc",
    "pixel_average_precision",
    "aupro",
)
CLASS_FIGURES = ("pixel_recall", "defect_wise_recall")


@dataclass(frozen=True)
class Sums:
    """What is summed over images, each image perhaps several times (bootstrap)."""

    by_class: npt.NDArray[np.int64]
    """(2, 256): pixels of each class id; those of them that are predicted."""
    instances: npt.NDArray[np.int64]
    """(2, 256): instances of each class id; those of them that are found."""
    images: tuple[Weights, Weights]
    """Defective and other images by score."""
    pixels: tuple[Weights, Weights]
    """Defect and other pixels by score."""
    overlaps: Weights
    """1 / area of their instance, of the defect pixels, by score."""
    regions: int
    """Instances of defect classes."""


def figures(sums: Sums, defect_ids: Collection[int], ignore_id: int, aupro_limit: float) -> dict[str, float | None]:
    """Return FIGURES, each in [0, 1] or None where there is nothing to measure."""
    counts = binary_counts(sums.by_class, defect_ids, ignore_id)
    recalls = [defect_wise_recall(sums, class_id) for class_id in defect_ids]
    found = (
        precision(counts),
        recall(counts),
        f1(counts),
        mean_recall(recalls),
        auroc(*sums.images),
        average_precision(*sums.images),
        auroc(*sums.pixels),
        average_precision(*sums.pixels),
        aupro(sums.overlaps, sums.regions, sums.pixels[1], aupro_limit),
    )
    return dict(zip(FIGURES, found, strict=True))


def class_figures(sums: Sums, class_id: int) -> dict[str, float | None]:
    """Return CLASS_FIGURES of one class; None where the images show nothing of it."""
    found = (class_recall(sums.by_class, class_id), defect_wise_recall(sums, class_id))
    return dict(zip(CLASS_FIGURES, found, strict=True))


def defect_wise_recall(sums: Sums, class_id: int) -> float | None:
    """Found share of a class's instances; None without any."""
    return ratio(int(sums.instances[1, class_id]), int(sums.instances[0, class_id]))
