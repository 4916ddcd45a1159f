"""The threshold on the anomaly map (paper, section V-B: maximum F1 over the validation pixels)."""

from typing import NamedTuple

import numpy as np

from training.score_histogram import BINS, ScoreHistogram, lower_edges
from training.user_error import UserError


class Threshold(NamedTuple):
    """A pixel is predicted anomalous where its score >= threshold; the other figures are NaN where they are not
    defined.
    """

    threshold: float
    f1: float
    precision: float
    recall: float


def maximum_f1(positives: ScoreHistogram, negatives: ScoreHistogram) -> Threshold:
    """Return the threshold of the largest F1 = 2 TP / (TP + FP + P); of equal ones the highest, which alarms least.

    Thresholds are lower edges of bins, so they carry the histogram's resolution, and the figures hold exactly for them.
    Raises UserError where there are no positives.
    """
    occupied = np.flatnonzero((positives.weights > 0) | (negatives.weights > 0))
    if positives.total == 0:
        raise UserError("no validation pixel shows a defect, so no F1 can be maximised; use threshold=maximum_nominal")
    true_positives = positives.at_or_above()[occupied]
    predicted = true_positives + negatives.at_or_above()[occupied]
    f1 = 2 * true_positives / (predicted + positives.total)
    best = len(f1) - 1 - int(np.argmax(f1[::-1]))
    return Threshold(
        threshold=float(lower_edges(occupied[best : best + 1])[0]),
        f1=float(f1[best]),
        precision=float(true_positives[best] / predicted[best]),
        recall=float(true_positives[best] / positives.total),
    )


def maximum_nominal(negatives: ScoreHistogram) -> Threshold:
    """Return the lowest threshold, of the histogram's resolution, that predicts no nominal validation pixel.

    Raises UserError where there are no nominal pixels.
    """
    if negatives.total == 0:
        raise UserError("no nominal validation pixel to find a threshold from")
    highest = int(np.flatnonzero(negatives.weights)[-1])
    edge = lower_edges(np.array([min(highest + 1, BINS - 1)]))[0]
    return Threshold(float(edge), float("nan"), float("nan"), float("nan"))
