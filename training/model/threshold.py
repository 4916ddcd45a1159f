"""Thresholds on the anomaly map: the paper's (section V-B: maximum F1 over the validation pixels) and alternatives.

Thresholds are lower edges of a histogram's bins. They have its resolution, and their rates hold exactly.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.model.score_histogram import BINS, ScoreHistogram, bin_of, lower_edges
from training.support.user_error import UserError


class Threshold(NamedTuple):
    """A threshold and its rates: a pixel is predicted anomalous if its score >= threshold. Undefined rates are NaN."""

    threshold: float
    f1: float
    precision: float
    recall: float


def maximum_f1(positives: ScoreHistogram, negatives: ScoreHistogram) -> Threshold:
    """Return the threshold of the largest F1 = 2 TP / (TP + FP + P); of equal ones the highest.

    Raises UserError if there are no positives.
    """
    occupied = np.flatnonzero((positives.weights > 0) | (negatives.weights > 0))
    if positives.total == 0:
        raise UserError("no validation pixel shows a defect, so no F1 can be maximised; use threshold=maximum_nominal")
    true_positives = positives.at_or_above()[occupied]
    predicted = true_positives + negatives.at_or_above()[occupied]
    f1 = 2 * true_positives / (predicted + positives.total)
    best = len(f1) - 1 - int(np.argmax(f1[::-1]))
    return _at_bin(int(occupied[best]), positives, negatives)


def rates_at(threshold: float, positives: ScoreHistogram, negatives: ScoreHistogram) -> Threshold:
    """Return the rates of a threshold, at the histogram's resolution; exact for a threshold that this module chose."""
    return _at_bin(int(bin_of(np.array([threshold], dtype=np.float32))[0]), positives, negatives)


def full_recall(lowest: float, positives: ScoreHistogram, negatives: ScoreHistogram) -> Threshold:
    """Return the highest threshold that finds every defect.

    ``lowest`` is the highest threshold that finds the defect hardest to find. Raises UserError if there are no
    positives.
    """
    if positives.total == 0:
        raise UserError("no validation pixel shows a defect, so none can be found; use threshold=maximum_nominal")
    return _at_bin(int(bin_of(np.array([lowest], dtype=np.float32))[0]), positives, negatives)


def false_positive_budget(
    positives: ScoreHistogram, negatives: ScoreHistogram, images: int, pixels_per_image: float
) -> Threshold:
    """Return the lowest threshold with at most ``pixels_per_image`` false-positive pixels per image on average.

    Raises UserError if there are no nominal pixels.
    """
    if negatives.total == 0:
        raise UserError("no nominal validation pixel to find a threshold from")
    above = np.flatnonzero(negatives.at_or_above() > pixels_per_image * images)
    return _at_bin(min(int(above[-1]) + 1, BINS - 1) if len(above) else 0, positives, negatives)


def maximum_nominal(negatives: ScoreHistogram) -> Threshold:
    """Return the lowest threshold, at the histogram's resolution, that predicts no nominal validation pixel.

    Raises UserError if there are no nominal pixels.
    """
    if negatives.total == 0:
        raise UserError("no nominal validation pixel to find a threshold from")
    highest = int(np.flatnonzero(negatives.weights)[-1])
    edge = lower_edges(np.array([min(highest + 1, BINS - 1)]))[0]
    return Threshold(float(edge), float("nan"), float("nan"), float("nan"))


def threshold_to_find(scores: NDArray[np.float32], minimum_coverage: float) -> float:
    """Return the highest threshold that finds a defect with these scores (N,).

    A defect is found if at least one of its pixels, and at least this share of them, are at or above the threshold.
    """
    wanted = max(math.ceil(minimum_coverage * len(scores)), 1)
    return float(np.partition(scores, len(scores) - wanted)[len(scores) - wanted])


def _at_bin(place: int, positives: ScoreHistogram, negatives: ScoreHistogram) -> Threshold:
    """Return the rates of a bin's lower edge; NaN without positives, and for precision if nothing is predicted."""
    true_positives = float(positives.weights[place:].sum())
    predicted = true_positives + float(negatives.weights[place:].sum())
    nan = float("nan")
    return Threshold(
        threshold=float(lower_edges(np.array([place]))[0]),
        f1=2 * true_positives / (predicted + positives.total) if positives.total else nan,
        precision=true_positives / predicted if predicted and positives.total else nan,
        recall=true_positives / positives.total if positives.total else nan,
    )
