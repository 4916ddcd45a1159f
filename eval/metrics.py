"""The figures of one evaluation. Shares lie in [0, 1]; None is "not measured"."""

from dataclasses import dataclass

from eval.pixel_counts import PixelCounts


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
    coverages: tuple[float, ...]
    mean_recall_by_coverage: tuple[float | None, ...]
    image_auroc: float | None
    image_average_precision: float | None
    pixel_auroc: float | None
    pixel_average_precision: float | None
    aupro: float | None
    aupro_limit: float
    classes: tuple[ClassMetrics, ...]
