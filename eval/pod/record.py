"""Records of the probability of detection. Sizes are in metres; None means "not measured", and a warning says why."""

from dataclasses import dataclass

from eval.metrics.bootstrap import Interval

VISIBILITY = "visibility"
"""The quantity without a unit, beside the sizes in metres."""


@dataclass(frozen=True)
class PodPoint:
    """A point of a fitted curve."""

    size: float
    probability: float
    lower: float
    """One-sided lower confidence bound of the probability, by the fit's covariance."""


@dataclass(frozen=True)
class FoundShare:
    """The found share of the instances of about one size."""

    size: float
    share: float
    instances: int


@dataclass(frozen=True)
class PodCurve:
    """The probability that an instance of a class is found, over one quantity."""

    class_name: str
    kind: str
    """defect, or impurity: then a found instance is a false alarm."""
    quantity: str
    """A size (training.data.instance_sizes.QUANTITIES), or VISIBILITY."""
    instances: int
    """Number of instances whose quantity is known and above 0."""
    found: int
    unknown: int
    """Number of further instances of the class, which are left out."""
    plates: int
    smallest: float
    largest: float
    shares: tuple[FoundShare, ...]
    warnings: tuple[str, ...]
    """Sentences that say what the data cannot carry."""
    intercept: float | None = None
    slope: float | None = None
    """Slope of the log odds over the natural logarithm of the quantity."""
    slope_error: float | None = None
    a50: float | None = None
    """Size of which half are found."""
    a50_interval: Interval = None
    """Interval by bootstrap over plates, bias-corrected and accelerated."""
    a90: float | None = None
    a90_interval: Interval = None
    a90_95: float | None = None
    """Size that is above the true a90 with a confidence of 95 %, by bootstrap over plates."""
    a90_95_fit: float | None = None
    """The same by the fit's covariance, which takes all instances as independent."""
    points: tuple[PodPoint, ...] = ()


@dataclass(frozen=True)
class Pod:
    """The probability of detection of all classes of one split."""

    curves: tuple[PodCurve, ...]
    without_size: tuple[str, ...]
    """Classes with instances of which no physical size is known."""
