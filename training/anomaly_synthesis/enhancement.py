"""Changes of a picture's appearance: brightness, contrast, gamma, order of the channels, inversion, blur."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Enhancement:
    """Factors of contrast and brightness, an exponent, the channels' order, inversion, and a blur's deviation [px]."""

    brightness: float
    contrast: float
    gamma: float
    channels: tuple[int, int, int]
    inverted: bool
    blur: float


def draw_enhancement(rng: np.random.Generator) -> Enhancement:
    """Draw an enhancement that changes a picture clearly."""
    order = rng.permutation(3) if rng.random() < 0.3 else np.arange(3)
    return Enhancement(
        brightness=math.exp(rng.uniform(-0.7, 0.5)),
        contrast=math.exp(rng.uniform(-0.7, 0.7)),
        gamma=math.exp(rng.uniform(-0.6, 0.6)),
        channels=(int(order[0]), int(order[1]), int(order[2])),
        inverted=bool(rng.random() < 0.15),
        blur=float(rng.uniform(0.5, 3.0)) if rng.random() < 0.2 else 0.0,
    )


def enhanced(picture: NDArray[np.float32], params: Enhancement) -> NDArray[np.float32]:
    """Return an RGB picture (H, W, 3) in 0..1 with another appearance."""
    changed: NDArray[Any] = picture[..., list(params.channels)]
    if params.inverted:
        changed = 1 - changed
    if params.blur > 0:
        changed = cv2.GaussianBlur(changed, (0, 0), params.blur, borderType=cv2.BORDER_REFLECT_101)
    mean = changed.mean()
    changed = (mean + params.contrast * (changed - mean)) * params.brightness
    return np.asarray(np.clip(changed, 0, 1) ** params.gamma, dtype=np.float32)
