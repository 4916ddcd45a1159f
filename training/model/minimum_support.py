"""Members that too few train images support: which to drop, and the choice of the minimum on the validation split.

A training set is rarely clean. A scratch in a train image enters the coreset, stays in it, and hides every scratch like
it. Such a member serves its own image only: it has a support of 1, and no patch of another image comes near it.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Dataset, read_image, read_mask
from training.features.extractor import FeatureExtractor
from training.model.anomaly_model import AnomalyModel, distance_grids
from training.model.find_threshold import pixel_histograms
from training.model.members import MemberRecord
from training.model.score_histogram import ScoreHistogram
from training.model.settings import AnomalyMapSettings
from training.model.threshold import maximum_f1
from training.support.progress import with_progress
from training.support.user_error import UserError

log = logging.getLogger(__name__)

AUTO = "auto"
CANDIDATES = (1, 2, 3)
"""The minima that ``auto`` compares."""
_LEAST = 2  # members of a coreset


class Forgiven(NamedTuple):
    """The minimum support that was applied, the members (M,) that it keeps, and warnings."""

    minimum: int
    kept: NDArray[np.bool_]
    warnings: list[str]


def supported(members: MemberRecord, minimum: int) -> NDArray[np.bool_]:
    """Return which members (M,) to keep: those of at least the minimum support, and those in company.

    A member is in company if a patch of another train image lies within the coreset's smallest distance of it. Below
    that distance two patches count as the same (paper, section IV). A minimum of 1 keeps all. Raises UserError if
    supports are needed and unknown, and if too few members would be left.
    """
    if minimum <= 1:
        return np.ones(len(members), dtype=np.bool_)
    if (members.support < 0).any():
        raise UserError(
            f"coreset.minimum_support={minimum} needs the members' supports, which this model does not record; "
            "train it again (with coreset.measure_radius=true)"
        )
    kept = (members.support >= minimum) | (members.company > 0)
    if kept.sum() < _LEAST:
        raise UserError(
            f"coreset.minimum_support={minimum} leaves {kept.sum()} members; choose a smaller one or give more images"
        )
    return kept


def forgiven(
    asked: int | str,
    members: MemberRecord,
    features: NDArray[np.float32],
    extractor: FeatureExtractor,
    anomaly_map: AnomalyMapSettings,
    dataset: Dataset,
) -> Forgiven:
    """Return the members to keep for ``coreset.minimum_support``: a number, or auto.

    Auto takes the candidate with the largest F1 over the validation pixels, of equal ones the smallest; 1 if the
    validation split shows no defect. Raises as ``supported`` does.
    """
    if asked != AUTO:
        return Forgiven(int(asked), supported(members, int(asked)), [])
    if (members.support < 0).any():
        return Forgiven(1, supported(members, 1), ["supports are not recorded: coreset.minimum_support=auto keeps all"])
    choices = {minimum: supported(members, minimum) for minimum in CANDIDATES if _possible(members, minimum)}
    models = [AnomalyModel(extractor, features[kept], anomaly_map) for kept in choices.values()]
    scores = _validation_f1(models, dataset)
    if scores is None:
        text = "the validation split shows no defect: coreset.minimum_support=auto keeps all members"
        return Forgiven(1, choices[1], [text])
    for minimum, score in zip(choices, scores, strict=True):
        log.info("Minimum support %d: %d members, validation F1 %.4f", minimum, choices[minimum].sum(), score)
    chosen = list(choices)[int(np.argmax(scores))]
    return Forgiven(chosen, choices[chosen], [])


def without_dropped(members: MemberRecord, kept: NDArray[np.bool_]) -> MemberRecord:
    """Return the record of the kept members; the same record if all are kept."""
    return replace(members) if kept.all() else members.taken(kept)


def _possible(members: MemberRecord, minimum: int) -> bool:
    return minimum == 1 or int(((members.support >= minimum) | (members.company > 0)).sum()) >= _LEAST


def _validation_f1(models: Sequence[AnomalyModel], dataset: Dataset) -> list[float] | None:
    """Return each model's largest F1 over the validation pixels; None if no pixel shows a defect."""
    histograms = [(ScoreHistogram(), ScoreHistogram()) for _ in models]
    samples = dataset.split("validation")
    for sample in with_progress(samples, len(samples), "minimum support"):
        image = read_image(sample.image)
        mask = read_mask(sample, image.shape)
        for model, grid, pair in zip(models, distance_grids(models, image), histograms, strict=True):
            pixel_histograms(model.map_from(grid, (image.shape[0], image.shape[1])), mask, dataset, *pair)
    if histograms[0][0].total == 0:
        return None
    return [maximum_f1(*pair).f1 for pair in histograms]
