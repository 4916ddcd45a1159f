"""The probability of detection of one class over one quantity: fit, intervals, and what the data cannot carry."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from eval.metrics.settings import BootstrapSettings
from eval.pod.hit_miss import HitMissFit, fit_hit_miss, is_separated
from eval.pod.logistic_fit import Floats
from eval.pod.plate_bootstrap import plate_bounds
from eval.pod.record import VISIBILITY, FoundShare, PodCurve, PodPoint

LEAST_OUTCOMES = 5
"""Smallest number of found ones and of missed ones that carries a fit."""
ADVISED_INSTANCES = 60
"""Number of flaws that MIL-HDBK-1823A asks for in a hit/miss trial."""
FEW_PLATES = 20
"""Below this number of plates, a bootstrap over them is too narrow."""
CONFIDENCE = 0.95
"""Confidence of a90/95, 0 to 1."""
_FAR = 10.0  # times the largest size: a value further away is no statement about the data
_POINTS, _SHARES = 41, 8


def pod_curve(
    described: PodCurve,
    sizes: Floats,
    hits: npt.NDArray[np.bool_],
    plates: npt.NDArray[np.int64],
    settings: BootstrapSettings,
) -> PodCurve:
    """Return the description with a fit to sizes > 0 (N,), hits (N,) and plate numbers (N,), or why there is none."""
    reason = _why_no_fit(sizes, hits, described)
    if reason:
        return replace(described, warnings=(*described.warnings, reason))
    x = np.log(sizes)
    fit = fit_hit_miss(x, hits)
    places = np.geomspace(sizes.min(), sizes.max(), _POINTS)
    points = zip(
        places.tolist(),
        fit.probability_at(places).tolist(),
        fit.lower_bound_at(places, CONFIDENCE).tolist(),
        strict=True,
    )
    fitted = replace(
        described,
        intercept=fit.intercept,
        slope=fit.slope,
        slope_error=math.sqrt(fit.covariance[1, 1]),
        points=tuple(PodPoint(*point) for point in points),
    )
    if fit.slope <= 0:
        word = "alarm" if described.kind == "impurity" else "are found"
        text = f"the slope is not positive: larger ones {word} no more often, so there is no a50 or a90"
        return replace(fitted, warnings=(*fitted.warnings, text))
    return _with_sizes(fitted, fit, x, hits, plates, settings)


def describe(
    class_name: str, kind: str, quantity: str, unknown: int, sizes: Floats, hits: npt.NDArray[np.bool_], plates: int
) -> PodCurve:
    """Return the curve's counts without a fit."""
    order = np.argsort(sizes, kind="stable")
    groups = [group for group in np.array_split(order, min(_SHARES, len(order))) if len(group)]
    return PodCurve(
        class_name=class_name,
        kind=kind,
        quantity=quantity,
        instances=len(sizes),
        found=int(hits.sum()),
        unknown=unknown,
        plates=plates,
        smallest=float(sizes.min()),
        largest=float(sizes.max()),
        shares=tuple(
            FoundShare(float(np.exp(np.log(sizes[group]).mean())), float(hits[group].mean()), len(group))
            for group in groups
        ),
        warnings=(f"{unknown} of {unknown + len(sizes)} are left out: their {quantity} is unknown or 0",)
        if unknown
        else (),
    )


def _why_no_fit(sizes: Floats, hits: npt.NDArray[np.bool_], described: PodCurve) -> str:
    """Return the reason why the data carry no fit; "" if they do."""
    found, missed = int(hits.sum()), int((~hits).sum())
    for count, word in ((found, "found"), (missed, "missed")):
        if count < LEAST_OUTCOMES:
            return f"no fit: {count} {word} of {len(hits)}; a fit needs at least {LEAST_OUTCOMES}"
    if sizes.min() == sizes.max():
        return f"no fit: all have the same {described.quantity}"
    if not is_separated(sizes, hits):
        return ""
    if sizes[hits].max() <= sizes[~hits].min():
        return "no fit: complete separation, the smaller ones are found and the larger ones missed"
    low, high = (text_of(value, described.quantity) for value in (sizes[~hits].max(), sizes[hits].min()))
    return f"no fit: complete separation, all up to {low} are missed and all from {high} found; a90 lies between"


def _with_sizes(
    curve: PodCurve,
    fit: HitMissFit,
    x: Floats,
    hits: npt.NDArray[np.bool_],
    plates: npt.NDArray[np.int64],
    settings: BootstrapSettings,
) -> PodCurve:
    """Return the curve with a50, a90 and their bounds; the fit's slope is positive."""
    warnings = [*curve.warnings]
    limit = _FAR * curve.largest
    a50, a90 = (fit.size_at(p) for p in (0.5, 0.9))
    by_fit = fit.bounded_size_at(0.9, CONFIDENCE)
    for name, value in (("a50", a50), ("a90", a90)):
        if value > limit:
            warnings.append(f"{name} is not told: it is above {_FAR:g} times the largest {curve.quantity}")
        elif not curve.smallest <= value <= curve.largest:
            warnings.append(f"{name} is extrapolated: it is outside the range of the {curve.quantity}")
    if by_fit > limit:
        warnings.append("a90/95 by the fit is not reached: the lower bound of the curve stays below 90 %")
    if curve.instances < ADVISED_INSTANCES:
        warnings.append(f"{curve.instances} are few: MIL-HDBK-1823A asks for {ADVISED_INSTANCES}")
    curve = replace(curve, a50=_within(a50, limit), a90=_within(a90, limit), a90_95_fit=_within(by_fit, limit))
    if curve.plates < 2 or settings.resamples == 0:
        warnings.append("no intervals over plates: there is one plate, or bootstrap.resamples is 0")
        return replace(curve, warnings=tuple(warnings))
    if curve.plates < FEW_PLATES:
        warnings.append(f"{curve.plates} plates are few: intervals over plates are too narrow")
    half, most = plate_bounds(x, hits, plates, (0.5, 0.9), limit, CONFIDENCE, settings)
    if most.upper is None:
        warnings.append("a90/95 over plates is not reached: too many resamples of the plates have no a90")
    elif most.interval is None or half.interval is None:
        warnings.append("an interval over plates is not told: too many resamples of the plates have no such size")
    return replace(
        curve,
        a50_interval=half.interval,
        a90_interval=most.interval,
        a90_95=most.upper,
        warnings=tuple(warnings),
    )


def _within(value: float, limit: float) -> float | None:
    return value if value <= limit else None


def text_of(value: float, quantity: str) -> str:
    """Return a quantity for people: a size in millimetres, a visibility as it is."""
    return f"{value:.3g}" if quantity == VISIBILITY else f"{1000 * value:.3g} mm"
