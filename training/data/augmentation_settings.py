"""Settings of the data augmentation (``conf/augment``)."""

import math
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.support.user_error import UserError

Range = tuple[float, float]

_RANGES = {"brightness": 0.0, "contrast": 0.0, "blur_sigma": 0.0, "noise_sigma": 0.0}  # name: smallest allowed value


@dataclass(frozen=True)
class BorderSettings:
    """Ranges of the black border's depth (share of the image) and tilt [rad], and whether it is ignored."""

    depth: Range
    tilt: Range
    ignored: bool


@dataclass(frozen=True)
class AugmentationSettings:
    """Seed, ranges of the factors and deviations, probability of each flip, and the border or None.

    Blur is in pixels; noise is relative to white.
    """

    seed: int
    brightness: Range
    contrast: Range
    flip_probability: float
    blur_sigma: Range
    noise_sigma: Range
    border: BorderSettings | None


def read_augmentation_settings(cfg: DictConfig) -> AugmentationSettings | None:
    """Read a composed ``conf/augment``; None for no augmentation. Raises UserError for a wrong setting."""
    settings: Any = OmegaConf.to_container(cfg, resolve=True)
    if not settings:
        return None
    _check(settings)
    border = settings["border"]
    return AugmentationSettings(
        seed=settings["seed"],
        flip_probability=settings["flip_probability"],
        border=border and BorderSettings(tuple(border["depth"]), tuple(border["tilt"]), border["ignored"]),
        **{name: tuple(settings[name]) for name in _RANGES},
    )


def _check(settings: dict[str, Any]) -> None:
    names = {*_RANGES, "seed", "flip_probability", "border"}
    if set(settings) != names:
        raise UserError(f"augment: {', '.join(sorted(names ^ set(settings)))} missing or unknown; see conf/augment")
    for name, least in _RANGES.items():
        _check_range(f"augment.{name}", settings[name], least, math.inf)
    if not 0 <= settings["flip_probability"] <= 1:
        raise UserError(f"augment.flip_probability {settings['flip_probability']} must be from 0 to 1")
    if not isinstance(settings["seed"], int) or settings["seed"] < 0:
        raise UserError(f"augment.seed {settings['seed']} must be a whole number, 0 or more")
    border = settings["border"]
    if border is not None:
        if set(border) != {"depth", "tilt", "ignored"}:
            raise UserError("augment.border must be null or {depth: [a, b], tilt: [a, b], ignored: true|false}")
        _check_range("augment.border.depth", border["depth"], 0.0, 0.9)
        _check_range("augment.border.tilt", border["tilt"], -math.pi / 4, math.pi / 4)


def _check_range(name: str, values: Any, least: float, most: float) -> None:
    numbers = isinstance(values, list) and len(values) == 2 and all(isinstance(v, int | float) for v in values)
    if not numbers or not least <= values[0] <= values[1] <= most:
        upper = "" if most == math.inf else f" and at most {most:.4g}"
        raise UserError(f"{name} {values} must be two numbers [low, high] of at least {least:.4g}{upper}")
