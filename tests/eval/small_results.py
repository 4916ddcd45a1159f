"""Results of evaluations without images, for tests of tables."""

from eval.metrics.metric_values import METRICS
from eval.metrics.pixel_counts import PixelCounts
from eval.metrics.record import ClassMetrics, Intervals, Metrics, ThresholdCurves
from eval.runs.results import EvaluatedDataset, EvaluatedModel, Results


def class_metrics(
    name: str, kind: str, pixel_recall: float | None, defect_wise_recall: float | None, instances: int
) -> ClassMetrics:
    return ClassMetrics(name, kind, 0, pixel_recall, instances, defect_wise_recall, (), {"pixel_recall": (0.1, 0.2)})


def small_results(
    values: dict[str, float | None], classes: tuple[ClassMetrics, ...], records: dict[str, object] | None = None
) -> Results:
    """Return results with the given metrics (others are None), classes and model records."""
    metrics = Metrics(
        images=1,
        anomalous_images=1,
        pixels=PixelCounts(0, 0, 0, 0, 0),
        minimum_coverage=0.0,
        minimum_prediction_size=0,
        coverages=(),
        mean_recall_by_coverage=(),
        aupro_limit=0.3,
        classes=classes,
        intervals=Intervals(2, 10, 0.9, 0, {"pixel_f1": (0.4, 0.625)}),
        **{**dict.fromkeys(METRICS), **values},
    )
    return Results(
        model=EvaluatedModel(2.75439, [], records or {}),
        dataset=EvaluatedDataset("plates", "plates", "test", ()),
        metrics=metrics,
        curves=ThresholdCurves(None, [], {"edges": []}),
        pictures=(),
        seconds_per_image=1.0,
        software={},
    )
