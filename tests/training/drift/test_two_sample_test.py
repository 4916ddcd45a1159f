"""The test of Kolmogorov and Smirnov against scipy's, and the stability index against its definition."""

import math

import numpy as np
import pytest
from scipy import stats

from training.drift.kolmogorov_smirnov import chance_of_gap, critical_gap, largest_gap
from training.drift.stability_index import stability_index

SIZES = [(1, 1), (5, 7), (12, 12), (30, 50), (100, 50), (64, 200), (512, 50)]


@pytest.mark.parametrize(("first", "second"), SIZES)
def test_gap_and_chance_are_scipy_s_exact_ones(first, second):
    rng = np.random.default_rng([first, second])
    for shift in (0.0, 0.3, 1.5):
        one, two = np.sort(rng.normal(size=first)), np.sort(rng.normal(shift, size=second))
        wanted = stats.ks_2samp(one, two, method="exact")
        gap = largest_gap(one, two)
        assert gap == pytest.approx(wanted.statistic, abs=1e-12)
        assert chance_of_gap(first, second, gap) == pytest.approx(wanted.pvalue, rel=1e-6, abs=1e-13)


def test_the_gap_of_samples_with_ties_is_scipy_s():
    rng = np.random.default_rng(3)
    for _ in range(20):
        one, two = (np.sort(rng.integers(0, 6, size).astype(np.float64)) for size in (17, 23))
        assert largest_gap(one, two) == pytest.approx(stats.ks_2samp(one, two).statistic, abs=1e-12)


@pytest.mark.parametrize(("first", "second"), [(12, 12), (30, 50), (100, 50), (512, 50)])
@pytest.mark.parametrize("significance", [0.05, 0.001 / 6])
def test_the_critical_gap_is_the_smallest_that_is_rare_enough(first, second, significance):
    found = critical_gap(first, second, significance)
    just_below = found - 1 / (first * second)
    assert chance_of_gap(first, second, found) <= significance < chance_of_gap(first, second, just_below)


def test_there_is_no_critical_gap_where_even_separate_samples_are_likely():
    assert chance_of_gap(1, 50, 1.0) == pytest.approx(2 / math.comb(51, 1))
    assert critical_gap(1, 50, 0.001) is None
    assert critical_gap(3, 50, 0.001) == pytest.approx(0.9467, abs=1e-3)  # 142 of 150, far above any usual gap


def test_the_stability_index_is_its_definition_s():
    reference = np.arange(1000.0)
    sample = np.arange(500.0)  # half of the bins, twice as full
    before = (np.full(10, 100) + 0.5) / 1005
    now = (np.array([100] * 5 + [0] * 5) + 0.5) / 505
    assert stability_index(reference, sample) == pytest.approx(((now - before) * np.log(now / before)).sum(), rel=1e-9)
    assert stability_index(reference, reference) == 0
    rng = np.random.default_rng(0)
    same, moved = rng.normal(size=5000), rng.normal(1.0, size=5000)
    assert stability_index(np.sort(rng.normal(size=5000)), same) < 0.01
    # two normal distributions a standard deviation apart: the integral of (q - p) ln(q / p) is 1, binned a little less
    assert 0.8 < stability_index(np.sort(rng.normal(size=5000)), moved) <= 1.0


def test_a_constant_statistic_moves_only_if_its_value_does():
    third = np.full(40, 1 / 3)
    assert stability_index(third, np.full(50, 1 / 3)) < 0.02
    assert stability_index(third, np.full(50, 0.34)) > 1
    assert stability_index(third, np.full(50, 0.32)) > 1
    assert largest_gap(third, np.full(50, 1 / 3)) == 0
