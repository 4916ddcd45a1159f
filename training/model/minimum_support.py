"""Members that too few train images support: which to drop, and the choice of the minimum on the validation split.

A training set is rarely clean. A scratch in a train image enters the coreset, stays in it, and hides every scratch like
it. Such a member serves its own image only: it has a support of 1, and no patch of another image comes near it.
Company counts as the support of one more image, so the minima go from gentle to strict: 2 drops members that serve one
image and are alone, 3 all that serve one image, and those that serve two and are alone, and so on.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Dataset, inside_of, read_image, read_instances, read_mask
from training.features.extractor import FeatureExtractor
from training.model.anomaly_model import AnomalyModel, distance_grids
from training.model.curves import aupro
from training.model.members import FEWEST, MemberRecord, supported
from training.model.score_histogram import ScoreHistogram
from training.model.settings import AnomalyMapSettings
from training.support.progress import with_progress

log = logging.getLogger(__name__)

AUTO = "auto"
CANDIDATES = (1, 2, 3, 4, 5)
"""The minima that ``auto`` compares."""
MARGIN = 0.002
"""AUPRO that a stricter minimum must gain, so that chance does not drop members."""
LIMIT = 0.3
"""False-positive rate up to which AUPRO is integrated."""


class Forgiven(NamedTuple):
    """The minimum support that was applied, the members (M,) that it keeps, and warnings."""

    minimum: int
    kept: NDArray[np.bool_]
    warnings: list[str]


def forgiven(
    asked: int | str,
    members: MemberRecord,
    features: NDArray[np.float32],
    extractor: FeatureExtractor,
    anomaly_map: AnomalyMapSettings,
    dataset: Dataset,
) -> Forgiven:
    """Return the members to keep for ``coreset.minimum_support``: a number, or auto.

    Auto takes the smallest candidate whose AUPRO on the validation split is within ``MARGIN`` of the largest; 1 if that
    split shows no defect. Raises as ``supported`` does.
    """
    if asked != AUTO:
        return Forgiven(int(asked), supported(members, int(asked)), [])
    if (members.support < 0).any():
        return Forgiven(1, supported(members, 1), ["supports are not recorded: coreset.minimum_support=auto keeps all"])
    choices = {minimum: supported(members, minimum) for minimum in CANDIDATES if _possible(members, minimum)}
    models = [AnomalyModel(extractor, features[kept], anomaly_map) for kept in choices.values()]
    scores = validation_aupro(models, dataset)
    if scores is None:
        text = "the validation split shows no defect: coreset.minimum_support=auto keeps all members"
        return Forgiven(1, choices[1], [text])
    for minimum, score in zip(choices, scores, strict=True):
        log.info("Minimum support %d: %d members, validation AUPRO %.4f", minimum, choices[minimum].sum(), score)
    chosen = smallest_good(list(choices), scores)
    return Forgiven(chosen, choices[chosen], [])


def smallest_good(minima: Sequence[int], scores: Sequence[float]) -> int:
    """Return the smallest minimum, of ascending ones, whose score is within ``MARGIN`` of the largest."""
    return next(minimum for minimum, score in zip(minima, scores, strict=True) if score >= max(scores) - MARGIN)


def without_dropped(members: MemberRecord, kept: NDArray[np.bool_]) -> MemberRecord:
    """Return the record of the kept members; the same record if all are kept."""
    return replace(members) if kept.all() else members.taken(kept)


def _possible(members: MemberRecord, minimum: int) -> bool:
    return minimum == 1 or int((members.support + (members.company > 0) >= minimum).sum()) >= FEWEST


def validation_aupro(models: Sequence[AnomalyModel], dataset: Dataset) -> list[float] | None:
    """Return each model's AUPRO on the validation split; None if no pixel shows a defect.

    Unlike F1 over pixels it counts a small defect as much as a large one, and needs no threshold.
    """
    overlaps, negatives = ([ScoreHistogram() for _ in models] for _ in range(2))
    regions = 0
    samples = dataset.split("validation")
    for sample in with_progress(samples, len(samples), "minimum support"):
        image = read_image(sample.image, sample.white_level)
        mask = read_mask(sample, image.shape)
        defect = np.isin(mask, dataset.defect_ids)
        nominal = ~defect & (mask != dataset.ignore_id)
        numbers = read_instances(sample, mask)[defect]
        _, places, areas = np.unique(numbers, return_inverse=True, return_counts=True)
        regions += len(areas)
        for model, grid, overlap, negative in zip(
            models, distance_grids(models, image, inside_of(sample, image.shape)), overlaps, negatives, strict=True
        ):
            scores = model.map_from(grid, (image.shape[0], image.shape[1]))
            overlap.add(scores[defect], 1.0 / areas[places.ravel()])
            negative.add(scores[nominal])
    found = [
        aupro(overlap.weights, regions, negative.weights, LIMIT)
        for overlap, negative in zip(overlaps, negatives, strict=True)
    ]
    return None if None in found else [float(score) for score in found if score is not None]
