"""The threshold that ``conf/threshold`` asks for, from a model and validation images."""

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Dataset, inside_of, read_image, read_instances, read_mask
from training.drift.reference import ReferenceTally
from training.model.detector import MapModel
from training.model.record import FoundThreshold
from training.model.score_histogram import ScoreHistogram
from training.model.settings import ThresholdSettings
from training.model.threshold import (
    Threshold,
    false_positive_budget,
    full_recall,
    maximum_f1,
    maximum_nominal,
    threshold_to_find,
)
from training.support.listed_names import listed
from training.support.progress import with_progress
from training.support.user_error import UserError

log = logging.getLogger(__name__)

_WITH_DEFECTS = ("maximum_f1", "full_recall")
_NEGATIVE, _POSITIVE, _NOT_COUNTED = 0, 1, 2


def check_validation(dataset: Dataset, folder: Path) -> None:
    """Raise UserError for a dataset without validation images.

    ``folder`` is the folder that the validation images come from.
    """
    if not dataset.split("validation"):
        raise UserError(
            f"{folder} has no validation images to find the threshold on; name a folder that has some with "
            "dataset.evaluation_root=..."
        )


def find_threshold(
    model: MapModel, dataset: Dataset, settings: ThresholdSettings, reference: ReferenceTally | None = None
) -> tuple[FoundThreshold, list[str]]:
    """Return the threshold that ``settings`` ask for, and warnings.

    It is found on the validation split. Pixels of defect classes are positives. Ignored pixels do not count. All
    others, including impurities, are negatives. If no pixel is positive, maximum_nominal replaces maximum_f1 and
    full_recall, with a warning. ``reference`` gets every validation image and its score.
    """
    method = settings.method
    parameters: dict[str, Any] = settings.parameters()
    positives, negatives, lowest, highest = scored_split(
        model, dataset, "validation", settings.minimum_coverage, reference
    )
    images = len(dataset.split("validation"))
    warnings = []
    if method in _WITH_DEFECTS and positives.total == 0:
        wanted = "the maximum of F1" if method == "maximum_f1" else "one that finds all defects"
        method, parameters = "maximum_nominal", {}
        warnings.append(
            f"the validation split shows no defect: the threshold is the largest nominal score, not {wanted}"
        )
        log.warning(warnings[-1])
    found: Threshold
    if method == "maximum_f1":
        found = maximum_f1(positives, negatives)
    elif method == "full_recall":
        found = full_recall(lowest, positives, negatives)
    elif method == "false_positive_budget":
        found = false_positive_budget(positives, negatives, images, parameters["pixels_per_image"])
    else:
        found = maximum_nominal(negatives)
    warnings += _degenerate(found.threshold, highest, positives.total > 0)
    return FoundThreshold(
        value=found.threshold,
        method=method,
        **parameters,
        f1=_known(found.f1),
        precision=_known(found.precision),
        recall=_known(found.recall),
        images=images,
        positive_pixels=int(positives.total),
        negative_pixels=int(negatives.total),
    ), warnings


def _known(rate: float) -> float | None:
    return None if math.isnan(rate) else rate


def scored_split(
    model: MapModel,
    dataset: Dataset,
    split: str,
    minimum_coverage: float | None = None,
    reference: ReferenceTally | None = None,
) -> tuple[ScoreHistogram, ScoreHistogram, float, dict[str, float]]:
    """Return histograms of the anomaly map over the positive and the negative pixels of a split.

    Also return the highest threshold that finds the defect hardest to find, if there is a minimum coverage, and the
    highest counted score of every image, by its file's name.
    """
    highest: dict[str, float] = {}
    positives, negatives = ScoreHistogram(), ScoreHistogram()
    lowest = math.inf
    samples = dataset.split(split)
    lookup = pixel_kinds(dataset)
    for sample in with_progress(samples, len(samples), split):
        image = read_image(sample.image, sample.white_level)
        mask = read_mask(sample, image.shape)
        kinds = lookup[mask]
        inside = inside_of(sample, image.shape)
        try:
            scores = model.anomaly_map(image, inside)
        except UserError as error:
            raise UserError(f"{sample.image}: {error}") from error
        highest[sample.image.name] = float(scores[kinds != _NOT_COUNTED].max(initial=0))
        positives.add(scores[kinds == _POSITIVE])
        if reference is not None:
            score, nominal = model.image_score(scores, inside), not (kinds == _POSITIVE).any()
            reference.add(image, score, nominal, inside)
        negatives.add(scores[kinds == _NEGATIVE])
        if minimum_coverage is not None:
            numbers = np.where(kinds == _POSITIVE, read_instances(sample, mask), 0)
            for number in np.unique(numbers[numbers > 0]):
                lowest = min(lowest, threshold_to_find(scores[numbers == number], minimum_coverage))
    return positives, negatives, lowest, highest


def _degenerate(threshold: float, highest: dict[str, float], has_defects: bool) -> list[str]:
    """Return a warning for a threshold that predicts every pixel of the validation images, or none of a defect."""
    if threshold <= 0:
        found = f"the threshold is 0, so every pixel of the validation images is predicted: {listed(highest)}"
    elif has_defects and threshold > max(highest.values()):
        found = f"the threshold lies above every score of the validation images: {listed(highest)}"
    else:
        return []
    log.warning(found)
    return [found]


def pixel_kinds(dataset: Dataset) -> NDArray[np.uint8]:
    """Return what each class id (256,) counts as: 0 negative, 1 positive, 2 not counted."""
    kinds = np.full(256, _NEGATIVE, dtype=np.uint8)
    kinds[list(dataset.defect_ids)] = _POSITIVE
    kinds[dataset.ignore_id] = _NOT_COUNTED
    return kinds
