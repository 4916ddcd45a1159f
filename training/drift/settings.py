"""Settings of the watch for drift (``conf/drift``)."""

from dataclasses import dataclass

from omegaconf import DictConfig


@dataclass(frozen=True)
class DriftSettings:
    """The window of pictures that is compared with the model's reference, and when the two part."""

    window: int
    """Number of the last pictures."""
    significance: float
    """Chance that a window without drift is reported, over all statistics together."""
    stability_index: float
    """Smallest population stability index that is reported."""


def read_drift_settings(cfg: DictConfig) -> DriftSettings:
    """Read a composed ``conf/drift``."""
    return DriftSettings(cfg.window, cfg.significance, cfg.stability_index)
