"""Settings of the metrics (conf/evaluate.yaml)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BootstrapSettings:
    """Number of resamples (0: no intervals), confidence of the intervals in (0, 1), and seed of the draws."""

    resamples: int
    confidence: float
    seed: int


@dataclass(frozen=True)
class TallySettings:
    """Settings of the metrics of a split."""

    minimum_coverage: float
    """Smallest predicted share of a found instance, in [0, 1]; 0 means one pixel."""
    coverages: tuple[float, ...]
    """Minimum coverages of the coverage curve, each in [0, 1]."""
    aupro_limit: float
    """Largest false-positive rate of AUPRO, in (0, 1]."""
    minimum_prediction_size: int
    """Connected predictions of fewer pixels are removed."""
    sweep_octaves: float
    """Range of the threshold sweep to either side of the model's threshold, in octaves."""
    sweep_steps: int
    """Number of thresholds per octave."""
    bootstrap: BootstrapSettings
    minimum_visibility: float = 0.0
    """Instances of lower visibility are ignored, where the dataset has visibilities."""
