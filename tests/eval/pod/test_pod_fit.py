"""The logistic fit against published figures, an independent maximisation, and known parameters."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from eval.pod.hit_miss import fit_hit_miss, is_separated
from eval.pod.logistic_fit import fit_logistic
from tests.eval.pod.simulated_flaws import A50, SLOPE, simulate, true_size

# GPA, TUCE, PSI, GRADE of Spector and Mazzeo (1980): the example of statsmodels' Logit, and of Greene's Econometric
# Analysis, table 21.1.
SPECTOR = """
2.66 20 0 0  2.89 22 0 0  3.28 24 0 0  2.92 12 0 0  4.00 21 0 1  2.86 17 0 0  2.76 17 0 0  2.87 21 0 0
3.03 25 0 0  3.92 29 0 1  2.63 20 0 0  3.32 23 0 0  3.57 23 0 0  3.26 25 0 1  3.53 26 0 0  2.74 19 0 0
2.75 25 0 0  2.83 19 0 0  3.12 23 1 0  3.16 25 1 1  2.06 22 1 0  3.62 28 1 1  2.89 14 1 0  3.51 26 1 0
3.54 24 1 1  2.83 27 1 1  3.39 17 1 1  2.67 24 1 0  3.65 21 1 1  4.00 23 1 1  3.10 21 1 0  2.39 19 1 1
"""
# Constant, GPA, TUCE, PSI as statsmodels prints them (Discrete Choice Models Overview).
PRINTED = (-13.02134686, 2.82611259, 0.09515766, 2.37868766)
# What its own tests compare with (results_discrete.py): Stata's figures, from data in single precision.
PUBLISHED = (-13.0213483201, 2.82611297201, 0.0951576702557, 2.37868772835)
PUBLISHED_COVARIANCE = [
    [24.3179625937, -4.57347950298, -0.346255757562, -2.35916128427],
    [-4.57347950298, 1.59502033639, -0.036920566629, 0.427615725153],
    [-0.346255757562, -0.036920566629, 0.0200375937069, 0.0149126464275],
    [-2.35916128427, 0.427615725153, 0.0149126464275, 1.13329715236],
]
PUBLISHED_LOG_LIKELIHOOD = -12.8896334653335


def spector():
    table = np.array(SPECTOR.split(), float).reshape(32, 4)
    return table[:, :3], table[:, 3] == 1


def log_likelihood(coefficients, x, hits, weights):
    odds = coefficients[0] + x @ coefficients[1:]
    return float(-(weights * np.logaddexp(0, np.where(hits, -odds, odds))).sum())


def independent(x, hits, weights):
    """Coefficients by scipy's minimiser on the written-out likelihood."""
    centre = x.mean(axis=0)

    def loss(b):
        return -log_likelihood(b, x - centre, hits, weights)

    def gradient(b):
        design = np.column_stack([np.ones(len(x)), x - centre])
        return -design.T @ (weights * (hits - 1 / (1 + np.exp(-design @ b))))

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=gradient, method="BFGS", options={"gtol": 1e-10}).x
    return np.concatenate([[found[0] - found[1:] @ centre], found[1:]])


def test_pod_fit_has_the_published_figures_of_statsmodels_example():
    x, hits = spector()
    assert fit_logistic(x, hits).coefficients == pytest.approx(PRINTED, abs=1e-8)
    single = x.astype(np.float32).astype(float)
    fit = fit_logistic(single, hits)
    assert fit.coefficients == pytest.approx(PUBLISHED, rel=1e-9)
    assert np.allclose(fit.covariance, PUBLISHED_COVARIANCE, rtol=1e-7, atol=0)
    likelihood = log_likelihood(fit.coefficients, single, hits, np.ones(32))
    assert likelihood == pytest.approx(PUBLISHED_LOG_LIKELIHOOD, abs=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_pod_fit_agrees_with_an_independent_maximisation(seed):
    rng = np.random.default_rng(seed)
    flaws = simulate(rng, plates=20)
    x, weights = np.log(flaws.sizes), rng.integers(1, 4, len(flaws.sizes)).astype(float)
    fit = fit_hit_miss(x, flaws.hits, weights)
    intercept, slope = independent(x[:, None], flaws.hits, weights)
    assert (fit.intercept, fit.slope) == pytest.approx((intercept, slope), abs=1e-6, rel=1e-6)
    # Whole weights are repetitions: the covariance, too, is that of the repeated flaws.
    times = weights.astype(int)
    repeated = fit_hit_miss(np.repeat(x, times), np.repeat(flaws.hits, times))
    assert np.allclose(repeated.covariance, fit.covariance, rtol=1e-6, atol=0)
    assert repeated.size_at(0.9) == pytest.approx(fit.size_at(0.9), rel=1e-7)


def test_pod_fit_of_three_columns_agrees_with_an_independent_maximisation():
    x, hits = spector()
    assert fit_logistic(x, hits).coefficients == pytest.approx(independent(x, hits, np.ones(32)), abs=1e-6, rel=1e-6)


def test_pod_of_the_sizes_at_50_and_90_percent_is_50_and_90_percent():
    flaws = simulate(np.random.default_rng(3), plates=30)
    fit = fit_hit_miss(np.log(flaws.sizes), flaws.hits)
    sizes = np.array([fit.size_at(0.5), fit.size_at(0.9)])
    assert fit.probability_at(sizes) == pytest.approx([0.5, 0.9], abs=1e-12)
    bounded = fit.bounded_size_at(0.9, 0.95)
    assert bounded > sizes[1]
    assert fit.lower_bound_at(np.array([bounded]), 0.95)[0] == pytest.approx(0.9, abs=1e-9)
    # The crossing as a root finder sees it.
    root = brentq(lambda x: fit.lower_bound_at(np.exp([x]), 0.95)[0] - 0.9, math.log(sizes[1]), math.log(0.01))
    assert math.exp(root) == pytest.approx(bounded, rel=1e-6)


def test_pod_bound_that_never_reaches_90_percent_is_infinite():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 30)
    fit = fit_hit_miss(x, rng.random(30) < 0.5)
    fit = type(fit)(fit.intercept, 0.1, fit.covariance)
    assert fit.bounded_size_at(0.9, 0.95) == math.inf


def test_pod_fit_recovers_known_parameters():
    flaws = simulate(np.random.default_rng(11), plates=2000)
    fit = fit_hit_miss(np.log(flaws.sizes), flaws.hits)
    assert fit.slope == pytest.approx(SLOPE, abs=4 * math.sqrt(fit.covariance[1, 1]))
    assert fit.size_at(0.5) == pytest.approx(A50, rel=0.03)
    assert fit.size_at(0.9) == pytest.approx(true_size(0.9), rel=0.03)


def test_pod_bound_by_the_fit_covers_the_true_a90_in_95_percent_of_simulations():
    rng = np.random.default_rng(2026)
    covered = 0
    for _ in range(400):
        flaws = simulate(rng, plates=30)
        covered += fit_hit_miss(np.log(flaws.sizes), flaws.hits).bounded_size_at(0.9, 0.95) >= true_size(0.9)
    assert 0.95 - 3 * 0.011 <= covered / 400 <= 0.95 + 3 * 0.011  # 0.011: deviation of 400 draws at 95 %


@pytest.mark.parametrize(
    ("found", "missed", "separated"),
    [((3, 4), (1, 2), True), ((1, 2), (3, 4), True), ((2, 3), (1, 2), True), ((2, 4), (1, 3), False)],
)
def test_pod_separation_is_seen_in_either_direction_and_at_equal_sizes(found, missed, separated):
    x = np.array([*found, *missed], float)
    assert is_separated(x, np.array([True, True, False, False])) is separated
