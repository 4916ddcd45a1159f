"""Precision-recall curves and histograms of pixel scores, reduced to the resolution of a chart."""

import numpy as np

from training.model.curves import Weights
from training.model.score_histogram import lower_edges

CURVE_POINTS, HISTOGRAM_BINS = 200, 80


def precision_recall_points(positives: Weights, negatives: Weights) -> list[list[float]]:
    """Return up to CURVE_POINTS points (threshold, recall, precision), thresholds descending.

    positives and negatives are ScoreHistogram weights. Returns [] without positives.
    """
    occupied = np.flatnonzero((positives > 0) | (negatives > 0))[::-1]
    if positives.sum() == 0:
        return []
    true_positives = np.cumsum(positives[occupied])
    predicted = true_positives + np.cumsum(negatives[occupied])
    recall, precision = true_positives / positives.sum(), true_positives / predicted
    positions = np.searchsorted(recall, np.linspace(recall[0], 1, CURVE_POINTS))
    chosen = np.unique(np.concatenate([[0], np.minimum(positions, len(recall) - 1)]))
    thresholds = lower_edges(occupied[chosen])
    return [[float(t), float(recall[k]), float(precision[k])] for t, k in zip(thresholds, chosen, strict=True)]


def score_histogram(weights: dict[str, Weights]) -> dict[str, list[float]]:
    """Return the shares of the pixels in HISTOGRAM_BINS equal bins, from ScoreHistogram weights by name.

    The result holds "edges" (bins + 1 values) and a list of shares (one per bin) for each name with any weight.
    Without any weight, "edges" is empty.
    """
    occupied = np.flatnonzero(sum(weights.values()))
    if len(occupied) == 0:
        return {"edges": []}
    scores = lower_edges(occupied).astype(np.float64)
    edges = np.linspace(scores[0], max(scores[-1], scores[0] + 1e-9), HISTOGRAM_BINS + 1)
    shares = {
        name: (np.histogram(scores, edges, weights=counts[occupied])[0] / max(counts.sum(), 1)).tolist()
        for name, counts in weights.items()
        if counts.sum() > 0
    }
    return {"edges": edges.tolist(), **shares}
