import math

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from training.model.score_histogram import ScoreHistogram, bin_of, lower_edges
from training.model.threshold import false_positive_budget, full_recall, maximum_f1, maximum_nominal, threshold_to_find
from training.support.user_error import UserError


def histograms(scores, labels):
    positives, negatives = ScoreHistogram(), ScoreHistogram()
    positives.add(scores[labels])
    negatives.add(scores[~labels])
    return positives, negatives


def overlapping(seed, count=5000):
    rng = np.random.default_rng(seed)
    labels = rng.random(count) < 0.1
    return rng.gamma(np.where(labels, 5.0, 2.0)).astype(np.float32), labels


def best_by_scikit_learn(scores, labels):
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    best = len(f1) - 1 - int(np.argmax(f1[::-1]))
    return thresholds[best], f1[best], precision[best], recall[best]


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_scikit_learn_on_bin_edges(seed):
    scores, labels = overlapping(seed)
    scores = lower_edges(bin_of(scores))
    found = maximum_f1(*histograms(scores, labels))
    threshold, f1, precision, recall = best_by_scikit_learn(scores, labels)
    assert found.threshold == threshold
    assert (found.f1, found.precision, found.recall) == pytest.approx((f1, precision, recall), rel=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_within_the_resolution_of_scikit_learn_on_any_scores(seed):
    scores, labels = overlapping(seed, 50_000)
    found = maximum_f1(*histograms(scores, labels))
    _, f1, _, _ = best_by_scikit_learn(scores, labels)
    assert f1 * (1 - 1e-3) < found.f1 <= f1
    predicted = scores >= np.float32(found.threshold)
    true_positives = (predicted & labels).sum()
    assert found.precision == pytest.approx(true_positives / predicted.sum(), rel=1e-14)
    assert found.recall == pytest.approx(true_positives / labels.sum(), rel=1e-14)


def test_of_equal_f1_the_highest_threshold_wins():
    scores = np.array([1, 2, 2, 4], dtype=np.float32)
    labels = np.array([True, False, False, True])
    found = maximum_f1(*histograms(scores, labels))
    assert found.f1 == pytest.approx(2 / 3)
    assert found.threshold == 4
    assert (found.precision, found.recall) == (1, 0.5)


def test_perfect_separation():
    found = maximum_f1(*histograms(np.array([1, 2, 8, 9], dtype=np.float32), np.array([False, False, True, True])))
    assert found == (8, 1, 1, 1)


def test_without_positives_the_user_hears_what_to_do():
    scores = np.array([1, 2], dtype=np.float32)
    with pytest.raises(UserError, match="threshold=maximum_nominal"):
        maximum_f1(*histograms(scores, np.zeros(2, dtype=bool)))
    with pytest.raises(UserError, match="no nominal"):
        maximum_nominal(histograms(scores, np.ones(2, dtype=bool))[1])


def test_the_largest_nominal_score_is_just_not_predicted():
    scores = overlapping(9)[0]
    found = maximum_nominal(histograms(scores, np.zeros(len(scores), dtype=bool))[1])
    assert scores.max() < found.threshold < scores.max() * (1 + 2**-11)
    assert math.isnan(found.f1)


@pytest.mark.parametrize("seed", range(4))
def test_full_recall_is_the_highest_threshold_that_finds_every_instance(seed):
    scores, labels = overlapping(seed)
    scores = lower_edges(bin_of(scores))
    instances = np.split(scores[labels], [20, 90, 91, 300])
    for coverage in (0.0, 0.3, 1.0):
        lowest = min(threshold_to_find(pixels, coverage) for pixels in instances)
        found = full_recall(lowest, *histograms(scores, labels))

        def all_found(threshold, coverage=coverage):
            covered = [np.mean(pixels >= np.float32(threshold)) for pixels in instances]
            return all(share >= coverage and share > 0 for share in covered)

        assert all_found(found.threshold)
        higher = scores[scores > np.float32(found.threshold)].min()
        assert not all_found(higher)
        predicted = scores >= np.float32(found.threshold)
        assert found.precision == pytest.approx((predicted & labels).sum() / predicted.sum(), rel=1e-12)
        assert found.recall == pytest.approx((predicted & labels).sum() / labels.sum(), rel=1e-12)


@pytest.mark.parametrize("budget", [0, 3, 37.5, 400])
def test_a_false_positive_budget_is_used_up_and_not_exceeded(budget):
    scores, labels = overlapping(2)
    scores = lower_edges(bin_of(scores))
    found = false_positive_budget(*histograms(scores, labels), images=4, pixels_per_image=budget)
    assert (scores[~labels] >= np.float32(found.threshold)).sum() <= 4 * budget
    lower = scores[~labels & (scores < np.float32(found.threshold))].max()
    assert (scores[~labels] >= lower).sum() > 4 * budget
    predicted = scores >= np.float32(found.threshold)
    assert found.f1 == pytest.approx(2 * (predicted & labels).sum() / (predicted.sum() + labels.sum()), rel=1e-12)


def test_a_budget_for_all_pixels_predicts_all_and_needs_no_defects():
    scores = overlapping(3)[0]
    found = false_positive_budget(
        *histograms(scores, np.zeros(len(scores), bool)), images=1, pixels_per_image=len(scores)
    )
    assert found.threshold == 0
    assert math.isnan(found.f1)
    with pytest.raises(UserError, match="no validation pixel shows a defect"):
        full_recall(1.0, *histograms(scores, np.zeros(len(scores), bool)))
