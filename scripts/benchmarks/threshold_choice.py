"""Test F1 of thresholds that a few validation plates choose, over draws of plates, beside the best one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.accuracy_data import LabelledTestImage
from scripts.benchmarks.accuracy_metrics import largest_f1
from training.model.anomaly_model import AnomalyModel
from training.model.score_histogram import ScoreHistogram, lower_edges
from training.model.threshold import maximum_f1

Histograms = tuple[ScoreHistogram, ScoreHistogram]


def score_histograms(model: AnomalyModel, images: Sequence[LabelledTestImage]) -> list[Histograms]:
    """Return each image's scores of defect pixels and of sound pixels."""
    found = []
    for image in images:
        scores = model.anomaly_map(image.image)
        positives, negatives = ScoreHistogram(), ScoreHistogram()
        positives.add(scores[image.defect])
        negatives.add(scores[~image.defect & ~image.ignored])
        found.append((positives, negatives))
    return found


def f1_of_draws(
    validation: Sequence[Histograms], test: Sequence[Histograms], plates: int, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the test F1 (draws,) in 0..1 of thresholds that maximise F1 over ``plates`` validation plates.

    Each draw takes other plates, without repetition within a draw.
    """
    found = []
    for _ in range(draws):
        chosen = [validation[i] for i in rng.permutation(len(validation))[:plates]]
        found.append(_f1_at(maximum_f1(*_summed(chosen)).threshold, test))
    return np.array(found)


def best_f1(test: Sequence[Histograms]) -> float:
    """Return the largest F1 that any threshold has on the test pixels."""
    positives, negatives = _summed(test)
    return largest_f1(positives.weights, negatives.weights) or 0.0


def _f1_at(threshold: float, test: Sequence[Histograms]) -> float:
    positives, negatives = _summed(test)
    above = lower_edges(np.arange(len(positives.weights))) >= threshold
    true, false = float(positives.weights[above].sum()), float(negatives.weights[above].sum())
    return 2 * true / (true + false + positives.total)


def _summed(histograms: Sequence[Histograms]) -> Histograms:
    sums = ScoreHistogram(), ScoreHistogram()
    for pair in histograms:
        for total, part in zip(sums, pair, strict=True):
            total.weights += part.weights
    return sums
