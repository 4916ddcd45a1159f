"""Areas under curves, from weights per distinct score.

All arrays of one call refer to the same scores in ascending order: entry k is the weight of the positives (negatives,
regions) with the k-th score. Scores in one entry are ties. Curves are straight lines across ties.
"""

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float64]


def _share_at_or_above(weights: Weights, total: float) -> Weights:
    """Return the share of the weight at or above each threshold, thresholds descending.

    The first entry is 0, for the empty prediction.
    """
    return np.concatenate([[0.0], np.cumsum(weights[::-1])]) / total


def auroc(positives: Weights, negatives: Weights) -> float | None:
    """Return the area under the ROC curve in [0, 1]; None without positives or negatives. Ties count half."""
    positive_total, negative_total = float(positives.sum()), float(negatives.sum())
    if positive_total == 0 or negative_total == 0:
        return None
    true_rate = _share_at_or_above(positives, positive_total)
    false_rate = _share_at_or_above(negatives, negative_total)
    return float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2))


def average_precision(positives: Weights, negatives: Weights) -> float | None:
    """Return the average precision in [0, 1]; None without positives.

    It is the sum of (increase in recall) x precision over descending thresholds, without interpolation.
    """
    positive_total = float(positives.sum())
    if positive_total == 0:
        return None
    true_positives = np.cumsum(positives[::-1])
    predicted = true_positives + np.cumsum(negatives[::-1])
    gained = positives[::-1] > 0
    return float(np.sum(positives[::-1][gained] * true_positives[gained] / predicted[gained]) / positive_total)


def aupro(overlaps: Weights, regions: int, negatives: Weights, max_false_positive_rate: float) -> float | None:
    """Return the area under the per-region overlap up to a false-positive rate, divided by that rate, in [0, 1].

    The mean overlap of the regions at a threshold t is (1 / regions) x the sum of 1 / area over the regions' pixels
    with score >= t. overlaps holds these weights 1 / area per score, so one histogram serves any number of regions
    (MVTec AD, Bergmann et al. 2021, section 5.2: limit 0.3). Returns None without regions or without negatives.
    """
    negative_total = float(negatives.sum())
    if regions == 0 or negative_total == 0:
        return None
    overlap = _share_at_or_above(overlaps, regions)
    false_rate = _share_at_or_above(negatives, negative_total)
    inside = false_rate <= max_false_positive_rate
    at_limit = np.interp(max_false_positive_rate, false_rate, overlap)
    rate = np.append(false_rate[inside], max_false_positive_rate)
    height = np.append(overlap[inside], at_limit)
    return float(np.sum(np.diff(rate) * (height[1:] + height[:-1]) / 2) / max_false_positive_rate)


def weights_by_score(scores: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_]) -> tuple[Weights, Weights]:
    """Count the positives and the negatives of each distinct score, ascending; scores and labels have shape (N,)."""
    distinct, inverse = np.unique(scores, return_inverse=True)
    inverse = inverse.ravel()
    return (
        np.bincount(inverse[positive], minlength=len(distinct)).astype(np.float64),
        np.bincount(inverse[~positive], minlength=len(distinct)).astype(np.float64),
    )
