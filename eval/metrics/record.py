"""The figures of one evaluation. Shares lie in [0, 1]; None is "not measured"."""

from dataclasses import dataclass
from typing import Any

from eval.metrics.bootstrap import Interval
from eval.metrics.pixel_counts import PixelCounts


@dataclass(frozen=True)
class ClassMetrics:
    """Figures of one class other than the background."""

    name: str
    kind: str
    pixels: int
    pixel_recall: float | None
    instances: int
    defect_wise_recall: float | None
    """At the minimum coverage of the evaluation (0: one predicted pixel is a detection)."""
    recall_by_coverage: tuple[float | None, ...]
    """Appendix C, figure 5, at Metrics.coverages."""
    intervals: dict[str, Interval]
    """Of pixel_recall and defect_wise_recall."""


@dataclass(frozen=True)
class Intervals:
    """Confidence intervals by bootstrap over plates: of every figure (low, high), or None."""

    plates: int
    resamples: int
    confidence: float
    seed: int
    values: dict[str, Interval]


@dataclass(frozen=True)
class Metrics:
    """Figures of one model on one split."""

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


@dataclass(frozen=True)
class ThresholdCurves:
    """What other thresholds would give."""

    sweep: dict[str, Any] | None
    """ThresholdSweep.compute(); None where small predictions are left out, since that is not counted for each."""
    precision_recall: list[list[float]]
    """(threshold, recall, precision) over the pixels of defects, thresholds descending."""
    score_histogram: dict[str, Any]
    """Shares of the pixels of each kind by score."""
