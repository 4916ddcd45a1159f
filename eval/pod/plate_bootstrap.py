"""Bounds of a50 and a90 by bootstrap over plates: flaws of one plate share its metal and light."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap

from eval.metrics.bootstrap import Interval
from eval.metrics.settings import BootstrapSettings
from eval.pod.hit_miss import fit_hit_miss, is_separated
from eval.pod.logistic_fit import Floats


@dataclass(frozen=True)
class PlateBounds:
    """Bounds of the size of one POD. None: not told, since too many resamples have no size within the limit."""

    interval: Interval
    upper: float | None
    """One-sided upper bound."""


def plate_bounds(
    log_sizes: Floats,
    hits: npt.NDArray[np.bool_],
    plates: npt.NDArray[np.int64],
    probabilities: tuple[float, ...],
    limit: float,
    one_sided: float,
    settings: BootstrapSettings,
) -> list[PlateBounds]:
    """Return the bounds of the size with each POD; `one_sided` is the confidence of the upper ones.

    plates (N,) is the number of each flaw's plate, from 0 and without gaps. Sizes above `limit` count as the limit.
    The bounds are bias-corrected and accelerated (BCa): the slope of a fit to few flaws is too steep on average, and
    plain percentiles double that error.
    """
    count = int(plates.max()) + 1

    def sizes_of(drawn: npt.NDArray[np.int64]) -> Floats:
        weights = np.bincount(drawn, minlength=count)[plates].astype(np.float64)
        return np.minimum(_log_sizes(log_sizes, hits, weights, probabilities), math.log(limit))

    def interval(resamples: int, confidence: float, alternative: str, earlier: Any = None) -> Any:
        return bootstrap(
            (np.arange(count),),
            sizes_of,
            n_resamples=resamples,
            confidence_level=confidence,
            alternative=alternative,
            bootstrap_result=earlier,
            vectorized=False,
            method="BCa",
            rng=np.random.default_rng(settings.seed),
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of resamples that are all alike: they give NaN, which _bounds tells
        result = interval(settings.resamples, settings.confidence, "two-sided")
        upper = interval(0, one_sided, "less", result).confidence_interval.high
    low, high = result.confidence_interval
    return [_bounds(*ends, limit) for ends in zip(low.tolist(), high.tolist(), upper.tolist(), strict=True)]


def _bounds(low: float, high: float, upper: float, limit: float) -> PlateBounds:
    """Return the bounds of logarithms; what is not finite, or not within the limit, is not told."""
    largest = math.log(limit) - 1e-9
    told = math.isfinite(low) and math.isfinite(high) and high < largest
    return PlateBounds(
        interval=(math.exp(low), math.exp(high)) if told else None,
        upper=math.exp(upper) if math.isfinite(upper) and upper < largest else None,
    )


def _log_sizes(
    log_sizes: Floats, hits: npt.NDArray[np.bool_], weights: Floats, probabilities: tuple[float, ...]
) -> Floats:
    """Return the log size with each POD in one resample.

    A resample without a fit counts on the safe side: if no flaw is found, or the slope is not positive, the sizes are
    infinite. If all are found, they are the smallest; if a size parts misses below from hits above, the smallest found.
    """
    taken = weights > 0
    x, found, times = log_sizes[taken], hits[taken], weights[taken]
    if not found.any():
        return np.full(len(probabilities), math.inf)
    if found.all():
        return np.full(len(probabilities), x.min())
    if is_separated(x, found):
        falls = x[found].max() <= x[~found].min()  # the larger ones are missed, or all have one size
        return np.full(len(probabilities), math.inf if falls else x[found].min())
    fit = fit_hit_miss(x, found, times)
    return np.array([fit.log_size_at(p) if fit.slope > 0 else math.inf for p in probabilities])
