"""Records of the metrics of one evaluation. Shares are in [0, 1]; None means "not measured"."""

from dataclasses import dataclass
from typing import Any

from eval.metrics.bootstrap import Interval
from eval.metrics.pixel_counts import PixelCounts


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of one class other than the background."""

    name: str
    kind: str
    pixels: int
    pixel_recall: float | None
    instances: int
    defect_wise_recall: float | None
    """Found share of the instances at Metrics.minimum_coverage (0: one predicted pixel is enough)."""
    recall_by_coverage: tuple[float | None, ...]
    """Defect-wise recall at each of Metrics.coverages (paper, appendix C, figure 5)."""
    intervals: dict[str, Interval]
    """Confidence intervals of pixel_recall and defect_wise_recall."""


@dataclass(frozen=True)
class Intervals:
    """Confidence intervals by bootstrap over plates: (low, high) or None for each metric."""

    plates: int
    resamples: int
    confidence: float
    seed: int
    values: dict[str, Interval]


@dataclass(frozen=True)
class Metrics:
    """Metrics of one model on one split."""

    images: int
    anomalous_images: int
    pixels: PixelCounts
    pixel_precision: float | None
    pixel_recall: float | None
    pixel_f1: float | None
    mean_defect_wise_recall: float | None
    minimum_coverage: float
    minimum_prediction_size: int
    coverages: tuple[float, ...]
    mean_recall_by_coverage: tuple[float | None, ...]
    image_auroc: float | None
    image_average_precision: float | None
    pixel_auroc: float | None
    pixel_average_precision: float | None
    aupro: float | None
    aupro_limit: float
    classes: tuple[ClassMetrics, ...]
    intervals: Intervals
    visibility: dict[str, Any] | None = None
    """Result of VisibilityTally.compute(): numbers of instances and of found ones by class and range of visibility."""


@dataclass(frozen=True)
class ThresholdCurves:
    """Counts and curves at thresholds other than the model's."""

    sweep: dict[str, Any] | None
    """Result of ThresholdSweep.compute(); None if small predictions are removed, which the sweep does not support."""
    precision_recall: list[list[float]]
    """Points (threshold, recall, precision) of the defect pixels, thresholds descending."""
    score_histogram: dict[str, list[float]]
    """Result of curve_points.score_histogram(): shares of the pixels of each kind per score bin."""
