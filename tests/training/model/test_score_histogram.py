import numpy as np
import pytest

from training.model.score_histogram import BINS, ScoreHistogram, bin_of, lower_edges


def test_bins_are_ordered_and_as_fine_as_documented():
    rng = np.random.default_rng(0)
    scores = np.sort((10.0 ** rng.uniform(-30, 30, 10_000)).astype(np.float32))
    bins = bin_of(scores)
    assert (np.diff(bins) >= 0).all()
    edges = lower_edges(bins).astype(np.float64)
    ratio = scores / edges
    assert ratio.min() >= 1
    assert 1 + 2.0**-13 < ratio.max() < 1 + 2.0**-12
    np.testing.assert_array_equal(bin_of(lower_edges(bins)), bins)


def test_an_edge_separates_its_bin_from_the_one_below():
    bins = np.random.default_rng(1).integers(1, bin_of(np.float32([np.finfo(np.float32).max]))[0], 1000)
    edges = lower_edges(bins)
    np.testing.assert_array_equal(bin_of(np.nextafter(edges, np.float32(0))), bins - 1)


def test_zero_and_the_largest_float_have_bins():
    extremes = np.array([0.0, -0.0, 1e-45, np.finfo(np.float32).max], dtype=np.float32)
    bins = bin_of(extremes)
    assert bins[0] == bins[1] == bins[2] == 0
    assert bins[3] < BINS


def test_counts_weights_and_sums_are_those_of_a_direct_count():
    rng = np.random.default_rng(2)
    scores = rng.gamma(2.0, 3.0, (4, 50, 60)).astype(np.float32)
    weights = rng.integers(0, 5, scores.shape).astype(np.float64)
    whole, parts = ScoreHistogram(), ScoreHistogram()
    whole.add(scores, weights)
    for score, weight in zip(scores, weights, strict=True):
        part = ScoreHistogram()
        part.add(score, weight)
        parts += part
    np.testing.assert_array_equal(whole.weights, parts.weights)
    assert whole.total == weights.sum()
    above = whole.at_or_above()
    for edge in lower_edges(bin_of(scores[0, 0, :10])):
        assert above[bin_of(np.array([edge]))[0]] == weights[scores >= edge].sum()


@pytest.mark.parametrize("bad", [-1e-3, np.nan, np.inf, -np.inf])
def test_scores_that_are_no_distances_are_refused(bad):
    histogram = ScoreHistogram()
    with pytest.raises(ValueError, match="finite and not negative"):
        histogram.add(np.array([1.0, bad, 2.0], dtype=np.float32))
    assert histogram.total == 0


def test_nothing_is_added_by_an_empty_array():
    histogram = ScoreHistogram()
    histogram.add(np.zeros(0, dtype=np.float32))
    assert histogram.total == 0
