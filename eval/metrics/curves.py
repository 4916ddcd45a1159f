"""Areas under curves, from weights per distinct score.

Every function takes arrays aligned over the same scores in ascending order: entry k is the weight of the positives
(negatives, regions) whose score is the k-th. Scores that share an entry are ties, and the curve is joined by straight
lines over ties.
"""

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float64]


def _share_at_or_above(weights: Weights, total: float) -> Weights:
    """The share of the weight at or above each threshold, thresholds descending, with the empty prediction's 0 in
    front.
    """
    return np.concatenate([[0.0], np.cumsum(weights[::-1])]) / total


def auroc(positives: Weights, negatives: Weights) -> float | None:
    """Area under the ROC curve in [0, 1]; None without positives or without negatives. Ties count half."""
    positive_total, negative_total = float(positives.sum()), float(negatives.sum())
    if positive_total == 0 or negative_total == 0:
        return None
    true_rate = _share_at_or_above(positives, positive_total)
    false_rate = _share_at_or_above(negatives, negative_total)
    return float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2))


def average_precision(positives: Weights, negatives: Weights) -> float | None:
    """Sum over descending thresholds of (recall gained) x precision, in [0, 1]; None without positives.

    Not interpolated.
    """
    positive_total = float(positives.sum())
    if positive_total == 0:
        return None
    true_positives = np.cumsum(positives[::-1])
    predicted = true_positives + np.cumsum(negatives[::-1])
    gained = positives[::-1] > 0
    return float(np.sum(positives[::-1][gained] * true_positives[gained] / predicted[gained]) / positive_total)


def aupro(overlaps: Weights, regions: int, negatives: Weights, max_false_positive_rate: float) -> float | None:
    """Area under the per-region overlap, integrated to a false-positive rate and divided by it, in [0, 1].

    At a threshold t the mean overlap of the regions is (1 / regions) x the sum over the regions' pixels of [score >=
    t] / area; overlaps therefore holds those weights 1 / area per score, and one histogram serves any number of
    regions (MVTec AD, Bergmann et al. 2021, section 5.2: limit 0.3). None without regions or without negatives.
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
    """Turn N scores and labels, each (N,), into aligned (positives, negatives) over the distinct scores, ascending."""
    distinct, inverse = np.unique(scores, return_inverse=True)
    inverse = inverse.ravel()
    return (
        np.bincount(inverse[positive], minlength=len(distinct)).astype(np.float64),
        np.bincount(inverse[~positive], minlength=len(distinct)).astype(np.float64),
    )
