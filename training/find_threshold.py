"""From a model and validation images to the threshold that ``conf/threshold`` asks for."""

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.anomaly_model import AnomalyModel
from training.dataset import Dataset, read_image, read_mask
from training.progress import with_progress
from training.score_histogram import ScoreHistogram
from training.threshold import Threshold, maximum_f1, maximum_nominal
from training.user_error import UserError

log = logging.getLogger(__name__)

METHODS = ("maximum_f1", "maximum_nominal")
_NEGATIVE, _POSITIVE, _NOT_COUNTED = 0, 1, 2


def check_validation(dataset: Dataset, method: str, folder: Path) -> None:
    """Raise UserError, before any long work, for an unknown method or a dataset without validation images, which come
    from ``folder``.
    """
    if method not in METHODS:
        raise UserError(f"threshold.method {method!r} is none of {', '.join(METHODS)}")
    if not dataset.split("validation"):
        raise UserError(
            f"{folder} has no validation images to find the threshold on; name a folder that has some with "
            "dataset.evaluation_root=..."
        )


def find_threshold(model: AnomalyModel, dataset: Dataset, method: str) -> tuple[dict[str, Any], list[str]]:
    """Return the threshold over all pixels of the validation split, for the model file, and warnings.

    Pixels of defect classes are positives, ignored ones do not count, all others (impurities, too) are negatives.
    Where no pixel is positive, maximum_f1 gives way to maximum_nominal, with a warning.
    """
    positives, negatives = validation_histograms(model, dataset)
    warnings = []
    if method == "maximum_f1" and positives.total == 0:
        method = "maximum_nominal"
        warnings.append(
            "the validation split shows no defect: the threshold is the largest nominal score, not the maximum of F1"
        )
        log.warning(warnings[-1])
    found: Threshold = maximum_f1(positives, negatives) if method == "maximum_f1" else maximum_nominal(negatives)
    figures = {key: None if math.isnan(value) else value for key, value in found._asdict().items()}
    value = figures.pop("threshold")
    counts = {"positive_pixels": int(positives.total), "negative_pixels": int(negatives.total)}
    return {"value": value, "method": method, **figures, "images": len(dataset.split("validation")), **counts}, warnings


def validation_histograms(model: AnomalyModel, dataset: Dataset) -> tuple[ScoreHistogram, ScoreHistogram]:
    """Return the histograms of the anomaly map over positive and negative pixels of the validation split."""
    positives, negatives = ScoreHistogram(), ScoreHistogram()
    samples = dataset.split("validation")
    lookup = _pixel_kinds(dataset)
    for sample in with_progress(samples, len(samples), "validation"):
        image = read_image(sample.image)
        kinds = lookup[read_mask(sample, image.shape)]
        try:
            scores = model.anomaly_map(image)
        except UserError as error:
            raise UserError(f"{sample.image}: {error}") from error
        positives.add(scores[kinds == _POSITIVE])
        negatives.add(scores[kinds == _NEGATIVE])
    return positives, negatives


def _pixel_kinds(dataset: Dataset) -> NDArray[np.uint8]:
    kinds = np.full(256, _NEGATIVE, dtype=np.uint8)
    kinds[list(dataset.defect_ids)] = _POSITIVE
    kinds[dataset.ignore_id] = _NOT_COUNTED
    return kinds
