"""Result of an evaluation, and its conversion to and from the content of results.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from eval.metrics.bootstrap import Interval
from eval.metrics.pixel_counts import PixelCounts
from eval.metrics.record import ClassMetrics, Intervals, Metrics, ThresholdCurves
from eval.pictures.choice import Reason
from eval.pictures.files import PictureEntry
from eval.pod.record import FoundShare, Pod, PodCurve, PodPoint
from training.data.dataset import DefectClass

T = TypeVar("T")

FORMAT, VERSION = "stainless-evaluation", 2
MODEL_RECORDS = (
    "extractor",
    "anomaly_map",
    "coreset",
    "architecture",
    "map",
    "synthesis",
    "training",
    "fusion",
    "provenance",
)
"""Records of a model that both training and evaluation store, of all formats; a model has some of them."""


@dataclass(frozen=True)
class EvaluatedModel:
    """The evaluated model."""

    threshold: float
    warnings: list[str]
    records: dict[str, Any]
    """Those of MODEL_RECORDS, as training wrote them."""


@dataclass(frozen=True)
class EvaluatedDataset:
    """The evaluated split of a dataset."""

    name: str
    root: str
    split: str
    classes: tuple[DefectClass, ...]


@dataclass(frozen=True)
class Results:
    """Result of one evaluation."""

    model: EvaluatedModel
    dataset: EvaluatedDataset
    metrics: Metrics
    curves: ThresholdCurves
    pictures: tuple[PictureEntry, ...]
    seconds_per_image: float
    software: dict[str, str]
    """Versions by name."""
    pod: Pod | None = None
    """Probability of detection; None in results of earlier versions."""


def to_document(results: Results) -> dict[str, Any]:
    """Return the content of results.json. Raises ValueError for a number that is not finite."""
    model = results.model
    document = {
        "format": FORMAT,
        "version": VERSION,
        "model": {"threshold": model.threshold, "warnings": model.warnings, **model.records},
        "dataset": asdict(results.dataset),
        "metrics": asdict(results.metrics),
        "curves": asdict(results.curves),
        "pictures": [asdict(entry) for entry in results.pictures],
        "timing": {"seconds_per_image": results.seconds_per_image},
        "software": results.software,
        "pod": None if results.pod is None else asdict(results.pod),
    }
    # A round trip through JSON turns tuples into lists, as readers see them, and rejects NaN.
    plain: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    return plain


def from_document(document: Mapping[str, Any]) -> Results:
    """Convert the content of results.json, which must match results.schema.json."""
    model, dataset, metrics = document["model"], document["dataset"], document["metrics"]
    return Results(
        model=EvaluatedModel(
            threshold=model["threshold"],
            warnings=list(model["warnings"]),
            records={key: model[key] for key in MODEL_RECORDS if key in model},
        ),
        dataset=_build(
            EvaluatedDataset,
            dataset,
            classes=tuple(_build(DefectClass, entry, colour=tuple(entry["colour"])) for entry in dataset["classes"]),
        ),
        metrics=_build(
            Metrics,
            metrics,
            pixels=_build(PixelCounts, metrics["pixels"]),
            coverages=tuple(metrics["coverages"]),
            mean_recall_by_coverage=tuple(metrics["mean_recall_by_coverage"]),
            classes=tuple(
                _build(
                    ClassMetrics,
                    entry,
                    recall_by_coverage=tuple(entry["recall_by_coverage"]),
                    intervals=_intervals(entry["intervals"]),
                )
                for entry in metrics["classes"]
            ),
            intervals=_build(Intervals, metrics["intervals"], values=_intervals(metrics["intervals"]["values"])),
            visibility=metrics.get("visibility"),  # absent in results of earlier versions
        ),
        curves=_build(ThresholdCurves, document["curves"]),
        pictures=tuple(
            _build(PictureEntry, entry, reasons=[_build(Reason, reason) for reason in entry["reasons"]])
            for entry in document["pictures"]
        ),
        seconds_per_image=document["timing"]["seconds_per_image"],
        software=dict(document["software"]),
        pod=_pod(document.get("pod")),
    )


def _pod(document: Mapping[str, Any] | None) -> Pod | None:
    if document is None:
        return None
    curves = tuple(
        _build(
            PodCurve,
            curve,
            shares=tuple(_build(FoundShare, share) for share in curve["shares"]),
            warnings=tuple(curve["warnings"]),
            points=tuple(_build(PodPoint, point) for point in curve["points"]),
            **_intervals({name: curve[name] for name in ("a50_interval", "a90_interval")}),
        )
        for curve in document["curves"]
    )
    return Pod(curves, tuple(document["without_size"]))


def _build(kind: type[T], record: Mapping[str, Any], /, **converted: object) -> T:
    """Create a dataclass from a record with its fields; converted replaces some values, other keys are ignored."""
    names = [entry.name for entry in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: converted[name] if name in converted else record[name] for name in names})


def _intervals(values: Mapping[str, Sequence[float] | None]) -> dict[str, Interval]:
    return {name: None if value is None else (value[0], value[1]) for name, value in values.items()}
