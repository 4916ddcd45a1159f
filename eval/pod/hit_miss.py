"""The hit/miss model of MIL-HDBK-1823A: the probability of detection over the logarithm of a size."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from eval.pod.logistic_fit import Floats, fit_logistic


@dataclass(frozen=True)
class HitMissFit:
    """POD(a) = 1 / (1 + exp(-(intercept + slope ln a))), with the covariance (2, 2) of the two."""

    intercept: float
    slope: float
    covariance: Floats

    def log_size_at(self, probability: float) -> float:
        """Return the natural logarithm of the size with this POD. The slope must be positive."""
        return (_logit(probability) - self.intercept) / self.slope

    def size_at(self, probability: float) -> float:
        """Return the size with this POD; inf if it is beyond all numbers. The slope must be positive."""
        return _exp(self.log_size_at(probability))

    def probability_at(self, sizes: Floats) -> Floats:
        """Return the POD of each size."""
        return _logistic(self.intercept + self.slope * np.log(sizes))

    def lower_bound_at(self, sizes: Floats, confidence: float) -> Floats:
        """Return the one-sided lower confidence bound of the POD of each size, by the covariance (Wald)."""
        x = np.log(sizes)
        variance = self.covariance[0, 0] + 2 * self.covariance[0, 1] * x + self.covariance[1, 1] * x * x
        deviation = np.sqrt(np.maximum(variance, 0.0))
        return _logistic(self.intercept + self.slope * x - NormalDist().inv_cdf(confidence) * deviation)

    def bounded_size_at(self, probability: float, confidence: float) -> float:
        """Return the size from which the lower bound is at least this POD; inf if there is none.

        For 0.9 and 0.95 this is the handbook's a90/95. The slope must be positive.
        """
        square = NormalDist().inv_cdf(confidence) ** 2
        at = self.log_size_at(probability)
        constant, mixed, curved = self.covariance[0, 0], self.covariance[0, 1], self.covariance[1, 1]
        # The bound meets the POD at `at` + u: slope^2 u^2 = square * variance(at + u), with u > 0.
        leading = self.slope**2 - square * curved
        half = square * (mixed + curved * at)
        last = square * (constant + 2 * mixed * at + curved * at * at)
        if leading <= 0:
            return math.inf
        return _exp(at + (half + math.sqrt(half * half + leading * last)) / leading)


def fit_hit_miss(log_sizes: Floats, hits: npt.NDArray[np.bool_], weights: Floats | None = None) -> HitMissFit:
    """Fit the model to log sizes (N,) and hits (N,), each counted `weights` times.

    Hits and misses must overlap: see `is_separated`.
    """
    fit = fit_logistic(log_sizes[:, None], hits, weights)
    return HitMissFit(float(fit.coefficients[0]), float(fit.coefficients[1]), fit.covariance)


def is_separated(log_sizes: Floats, hits: npt.NDArray[np.bool_]) -> bool:
    """Return True if one size parts hits from misses, so that no fit exists; both must occur."""
    found, missed = log_sizes[hits], log_sizes[~hits]
    return bool(missed.max() <= found.min() or found.max() <= missed.min())


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))), np.float64)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf
