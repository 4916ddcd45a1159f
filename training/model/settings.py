"""Settings of a model: the anomaly map, the threshold, and overrides of a model file's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.support.user_error import UserError


@dataclass(frozen=True)
class AnomalyMapSettings:
    """Settings of the anomaly map (``conf/anomaly_map``)."""

    chunk_size: int
    """Number of patches per chunk of the distance computation."""
    upsampling: str
    """nearest or bilinear, between patch centres."""
    blur_sigma: float
    """Standard deviation of the blur [pixels]."""
    blur_kernel: int
    """Kernel of the blur [pixels], odd."""
    score_share: float
    """Share of the highest pixels whose mean is the image's score; 0: the maximum."""


@dataclass(frozen=True)
class ThresholdSettings:
    """Settings of the threshold (``conf/threshold``)."""

    method: str
    """maximum_f1, maximum_nominal, full_recall or false_positive_budget."""
    minimum_coverage: float | None = None
    """full_recall: the share of a defect's pixels that must be predicted."""
    pixels_per_image: float | None = None
    """false_positive_budget: the mean number of false-positive pixels per image."""

    def parameters(self) -> dict[str, float]:
        """Return the parameters of the method by name."""
        given = {"minimum_coverage": self.minimum_coverage, "pixels_per_image": self.pixels_per_image}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class ModelOverrides:
    """The device (auto, cpu or cuda), and fields that replace those recorded in a model file."""

    device: str
    extractor: Mapping[str, Any] = field(default_factory=dict)
    anomaly_map: Mapping[str, Any] = field(default_factory=dict)


def read_anomaly_map_settings(cfg: DictConfig) -> AnomalyMapSettings:
    """Read a composed ``conf/anomaly_map`` whose types and ranges have been checked.

    Raises UserError for an unknown setting and for an even kernel.
    """
    return _checked(AnomalyMapSettings(**_known(_plain(cfg))))


def overridden_anomaly_map(recorded: AnomalyMapSettings, overrides: Mapping[str, Any]) -> AnomalyMapSettings:
    """Return the settings with some fields replaced. Raises as ``read_anomaly_map_settings`` does."""
    return _checked(replace(recorded, **_known(overrides)))


def read_threshold_settings(cfg: DictConfig) -> ThresholdSettings:
    """Read a composed ``conf/threshold``."""
    return ThresholdSettings(cfg.method, cfg.get("minimum_coverage"), cfg.get("pixels_per_image"))


def read_model_overrides(cfg: DictConfig) -> ModelOverrides:
    """Read the device, and the fields of ``extractor`` and ``anomaly_map`` if there are any, from a composed config."""
    return ModelOverrides(cfg.device, _plain(cfg.get("extractor")), _plain(cfg.get("anomaly_map")))


def _plain(cfg: DictConfig | None) -> dict[str, Any]:
    plain: Any = {} if cfg is None else OmegaConf.to_container(cfg, resolve=True)
    return {str(name): value for name, value in plain.items()}


def _known(given: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = sorted(set(given) - {entry.name for entry in fields(AnomalyMapSettings)})
    if unknown:
        raise UserError(f"anomaly_map.{unknown[0]} is unknown; see conf/anomaly_map")
    return given


def _checked(settings: AnomalyMapSettings) -> AnomalyMapSettings:
    if settings.blur_kernel % 2 == 0:
        raise UserError(f"anomaly_map.blur_kernel {settings.blur_kernel} must be odd")
    return settings
