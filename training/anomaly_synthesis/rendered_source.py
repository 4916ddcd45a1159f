"""Rendered triplets: a clean and an altered rendering of one plate, equal outside the altered pixels, and the mask.

The logarithm of their ratio carries the change onto a real image: metal that reflects half the light does so there too.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.anomaly_synthesis.content import RenderedChange
from training.anomaly_synthesis.image_pool import ImagePool
from training.anomaly_synthesis.image_sources import affine

_DARKEST = 2 / 255  # added to both renderings, so that the ratio of dark pixels stays finite


@dataclass(frozen=True)
class Triplet:
    """The files of one triplet."""

    clean: Path
    altered: Path
    mask: Path


class RenderedSource:
    """Changes of rendered triplets; crops contain altered pixels."""

    def __init__(
        self,
        clean: ImagePool,
        altered: ImagePool,
        masks: ImagePool,
        defect_ids: tuple[int, ...],
        impurity_ids: tuple[int, ...],
    ) -> None:
        self._clean, self._altered, self._masks = clean, altered, masks
        self._defect_ids, self._impurity_ids = defect_ids, impurity_ids

    def picture(self, seed: int, shape: tuple[int, int], excluded: int | None) -> RenderedChange:  # noqa: ARG002 - Source
        """Return a triplet's change around one of its altered pixels, turned and scaled, for an image (H, W)."""
        rng = np.random.default_rng(seed)
        number = int(rng.integers(len(self._masks)))
        mask = self._masks[number]
        wanted = np.isin(mask, [*self._defect_ids, *self._impurity_ids])
        place = np.flatnonzero(wanted)
        if not len(place):
            nothing = np.zeros(shape, dtype=np.bool_)
            return RenderedChange(np.zeros((*shape, 3), np.float32), nothing, nothing)
        row, column = divmod(int(place[int(rng.integers(len(place)))]), mask.shape[1])
        matrix = affine(
            from_point=(column, row),
            to_point=(rng.uniform(0.2, 0.8) * shape[1], rng.uniform(0.2, 0.8) * shape[0]),
            scale=math.exp(rng.uniform(math.log(0.7), math.log(1.4))),
            turn=rng.uniform(0, 2 * math.pi),
        )
        logarithm = log_ratio(self._clean[number], self._altered[number]) * wanted[..., None]
        moved = cv2.warpAffine(logarithm, matrix, shape[::-1], flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0))
        ids = cv2.warpAffine(mask, matrix, shape[::-1], flags=cv2.INTER_NEAREST, borderValue=(0,))
        defect, impurity = np.isin(ids, self._defect_ids), np.isin(ids, self._impurity_ids)
        return RenderedChange(moved * (defect | impurity)[..., None], defect, impurity)


def log_ratio(clean: NDArray[np.uint8], altered: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return log(altered / clean) (H, W, 3) of two 8-bit renderings, both raised by two grey levels."""
    before, after = (image.astype(np.float32) / 255 + _DARKEST for image in (clean, altered))
    return np.asarray(np.log(after / before), dtype=np.float32)


def carried(image: NDArray[np.float32], logarithm: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Return an image (H, W, 3) in 0..1 with a change (H, W, 3) whose logarithm is scaled by ``strength``."""
    changed = (image + _DARKEST) * np.exp(strength * logarithm) - _DARKEST
    return np.asarray(np.clip(changed, 0, 1), dtype=np.float32)
