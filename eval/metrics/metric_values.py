"""Metrics computed from sums over images. Sums of plates can be added, so any set of plates has its metrics."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.metrics.defect_wise import mean_recall
from eval.metrics.pixel_counts import binary_counts, class_recall, f1, precision, ratio, recall
from training.model.curves import Weights, aupro, auroc, average_precision

METRICS = (
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
CLASS_METRICS = ("pixel_recall", "defect_wise_recall")


@dataclass(frozen=True)
class MetricSums:
    """Sums over images. A bootstrap resample may count an image several times."""

    by_class: npt.NDArray[np.int64]
    """(2, 256): all pixels and predicted pixels of each class id."""
    instances: npt.NDArray[np.int64]
    """(2, 256): all instances and found instances of each class id."""
    images: tuple[Weights, Weights]
    """Numbers of defective and of other images per score, ascending."""
    pixels: tuple[Weights, Weights]
    """Numbers of defect pixels and of other pixels per score, ascending."""
    overlaps: Weights
    """Sums of 1 / area of the instance over the defect pixels, per score."""
    regions: int
    """Number of instances of defect classes."""


def metric_values(
    sums: MetricSums, defect_ids: Collection[int], ignore_id: int, aupro_limit: float
) -> dict[str, float | None]:
    """Return the METRICS by name, each in [0, 1], or None if it cannot be measured."""
    counts = binary_counts(sums.by_class, defect_ids, ignore_id)
    recalls = [defect_wise_recall(sums, class_id) for class_id in defect_ids]
    values = (
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
    return dict(zip(METRICS, values, strict=True))


def class_metric_values(sums: MetricSums, class_id: int) -> dict[str, float | None]:
    """Return the CLASS_METRICS of one class by name; None if the images do not show the class."""
    values = (class_recall(sums.by_class, class_id), defect_wise_recall(sums, class_id))
    return dict(zip(CLASS_METRICS, values, strict=True))


def defect_wise_recall(sums: MetricSums, class_id: int) -> float | None:
    """Return the found share of the class's instances; None if there are none."""
    return ratio(int(sums.instances[1, class_id]), int(sums.instances[0, class_id]))
