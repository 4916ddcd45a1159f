"""Evaluation of an anomaly model on one split of a dataset."""

import logging
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eval.metrics.plate_counts import plate_counts, write_plate_counts
from eval.metrics.split_tally import SplitTally
from eval.pictures.files import PictureFiles, Views
from eval.pictures.image_result import ImageResult
from eval.pictures.overlay import colour_anomaly_map, colour_classes, decision_layer, overlay_decision
from eval.pod.record import Pod
from eval.pod.table import POD_FILE, write_pod_table
from eval.pod.tally import PodTally
from eval.runs.results import MODEL_RECORDS, EvaluatedDataset, EvaluatedModel, Results
from eval.runs.results_file import write_results
from eval.runs.settings import EvaluationSettings
from training.data.check import require_sound
from training.data.dataset import Dataset, Sample, inside_of, read_image, read_instances, read_mask
from training.model.detector import Detector
from training.support.progress import with_progress
from training.support.software_versions import software_versions
from training.support.user_error import UserError

log = logging.getLogger(__name__)


def evaluate(model: Detector, dataset: Dataset, settings: EvaluationSettings, folder: Path) -> dict[str, Any]:
    """Evaluate every sample of the split; write results.json, the tables of CSV and pictures/ into ``folder``.

    The folder is empty. Returns the content of results.json. Raises UserError if the model has no threshold, the split
    is empty, or a file of the dataset is invalid.
    """
    if not math.isfinite(model.threshold):
        raise UserError("the model has no threshold, so its maps cannot be evaluated; train it with a validation split")
    samples = dataset.split(settings.split)
    if not samples:
        raise UserError(f"{dataset.root} has no image in its {settings.split} split; choose another dataset or split")
    if settings.tally.minimum_visibility > 0 and not any(sample.visibility for sample in samples):
        raise UserError(
            f"minimum_visibility={settings.tally.minimum_visibility:g}: {dataset.root} has no visibility of its "
            "instances (column visibility of instances.csv); set minimum_visibility=0"
        )
    warnings = require_sound(dataset, (settings.split,))
    for warning in warnings:
        log.warning("Warning: %s", warning)
    tally = SplitTally(dataset.classes, dataset.ignore_id, model.threshold, settings.tally)
    detections = PodTally()
    files = PictureFiles(folder, len(samples), settings.pictures, settings.tile_width)
    log.info("evaluating %d images of %s", len(samples), dataset.root)
    results = [
        _evaluate_image(model, dataset, sample, tally, detections, files)
        for sample in with_progress(samples, len(samples), "evaluating")
    ]
    pd.DataFrame([result.row() for result in results]).to_csv(folder / "scores.csv", index=False)
    pod = detections.compute(dataset.classes, settings.tally.bootstrap)
    _tell_gaps(pod)
    write_pod_table(pod, folder)
    write_plate_counts(plate_counts(tally.plates, dataset.classes), folder)
    return write_results(
        Results(
            model=_describe_model(model, warnings),
            dataset=EvaluatedDataset(dataset.name, str(dataset.root), settings.split, tuple(dataset.classes)),
            metrics=tally.compute(),
            curves=tally.threshold_curves(),
            pictures=tuple(files.entries()),
            seconds_per_image=float(np.mean([result.seconds for result in results])),
            software=software_versions(),
            pod=pod,
        ),
        folder,
    )


def _evaluate_image(
    model: Detector,
    dataset: Dataset,
    sample: Sample,
    tally: SplitTally,
    detections: PodTally,
    files: PictureFiles,
) -> ImageResult:
    image = read_image(sample.image, sample.white_level)
    mask = read_mask(sample, image.shape)
    inside = inside_of(sample, image.shape)
    instances = read_instances(sample, mask)
    visibility = dict(sample.visibility)
    mask = tally.seen(mask, instances, visibility)
    names = {entry.id: entry.name for entry in dataset.classes}
    start = time.perf_counter()
    anomaly_map = model.anomaly_map(image, inside)
    seconds = time.perf_counter() - start
    # Ignored pixels affect neither the decision nor the image's score.
    counted_map = np.where(mask == dataset.ignore_id, np.float32(0), anomaly_map)
    score = float(model.image_score(counted_map, inside))
    plate = sample.plate_id or sample.sample_id
    try:
        counted = tally.add(counted_map, score, mask, instances, plate, visibility)
    except ValueError as error:
        raise UserError(f"{sample.instances or sample.mask}: {error}") from error
    detections.add(counted.outcomes, plate, sample.sizes, visibility)
    result = ImageResult(
        sample_id=sample.sample_id,
        image=_relative(sample.image, dataset.root),
        split=sample.split,
        plate_id=sample.plate_id,
        light=sample.light,
        classes="+".join(names[i] for i in counted.class_ids) or "nominal",
        score=score,
        label=int(counted.counts.true_positives + counted.counts.false_negatives > 0),
        decision=int(counted.counts.true_positives + counted.counts.false_positives > 0),
        true_positives=counted.counts.true_positives,
        false_positives=counted.counts.false_positives,
        false_negatives=counted.counts.false_negatives,
        ignored=counted.counts.ignored,
        instances_found=counted.instances_found,
        instances=counted.instances,
        seconds=seconds,
        false_by_class={
            names[i]: pixels for i, pixels in counted.predicted_by_class.items() if i not in tally.defect_ids
        },
        missed_by_class={names[i]: missed for i, missed in counted.missed_by_class.items()},
    )
    if files.register(result):
        views = Views(
            picture=image,
            truth=colour_classes(mask, dataset.classes, dataset.ignore_id),
            heat=colour_anomaly_map(anomaly_map, tally.threshold),
            overlay=overlay_decision(image, counted.predicted, mask, tally.defect_ids, dataset.ignore_id),
            decision=decision_layer(counted.predicted, mask, tally.defect_ids, dataset.ignore_id),
        )
        files.write(result, views)
    return result


def _tell_gaps(pod: Pod) -> None:
    """Log the classes without a size, and the number of curves that the data cannot carry, a line each."""
    if pod.without_size:
        names = ", ".join(pod.without_size)
        log.info("no physical size in instances.csv, so no probability of detection by size: %s", names)
    gaps = sum(curve.a90 is None for curve in pod.curves)
    if gaps:
        log.warning(
            "Warning: probability of detection: %d of %d curves have no a90; %s says why",
            gaps,
            len(pod.curves),
            POD_FILE,
        )


def _describe_model(model: Detector, of_dataset: list[str]) -> EvaluatedModel:
    """Return the model's records, with the warnings of the dataset that its file lacks."""
    document, warnings = model.metadata, model.warnings
    warnings += [text for text in of_dataset if text not in warnings]
    records = {key: document[key] for key in MODEL_RECORDS if key in document}
    return EvaluatedModel(model.threshold, warnings, records)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
