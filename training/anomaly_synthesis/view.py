"""A view of a nominal image for one training step: a crop, flipped and turned, a little brighter or darker."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from training.anomaly_synthesis.settings import SoundSettings


class Nominal(NamedTuple):
    """A nominal image uint8 (H, W, 3), and bool (H, W): the product's pixels, and those that do not count."""

    image: NDArray[np.uint8]
    foreground: NDArray[np.bool_]
    ignored: NDArray[np.bool_]


@dataclass(frozen=True)
class ViewParams:
    """The crop's place as shares (0..1) of the free rows and columns, flips, turn [rad], factor of the brightness."""

    place: tuple[float, float]
    flip_horizontal: bool
    flip_vertical: bool
    turn: float
    gain: float


def draw_view_params(rng: np.random.Generator, settings: SoundSettings) -> ViewParams:
    """Draw a view."""
    return ViewParams(
        place=(rng.random(), rng.random()),
        flip_horizontal=bool(rng.random() < settings.flip_probability),
        flip_vertical=bool(rng.random() < settings.flip_probability),
        turn=float(rng.uniform(*settings.turn)),
        gain=float(rng.uniform(*settings.gain)),
    )


def viewed(nominal: Nominal, params: ViewParams, size: tuple[int, int], border: int = 0) -> Nominal:
    """Return a crop of ``size`` (rows, columns) of a nominal image; edges of turned or small images are reflected.

    ``border`` [pixels] is the reflected border that the crop may reach into: whoever judges images with such a border
    must have seen borders that are sound.
    """
    image, *masks = nominal
    planes: list[NDArray[Any]] = [image, *(mask.astype(np.uint8) for mask in masks)]
    if params.turn:
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), math.degrees(params.turn), 1.0)
        ways = (cv2.INTER_LINEAR, cv2.INTER_NEAREST, cv2.INTER_NEAREST)
        planes = [
            cv2.warpAffine(plane, matrix, (width, height), flags=way, borderMode=cv2.BORDER_REFLECT_101)
            for plane, way in zip(planes, ways, strict=True)
        ]
    if border:
        planes = [cv2.copyMakeBorder(plane, *(border,) * 4, cv2.BORDER_REFLECT) for plane in planes]
    planes = [_flipped(_cropped(plane, params.place, size), params) for plane in planes]
    shown = cv2.convertScaleAbs(planes[0], alpha=params.gain) if params.gain != 1 else planes[0]
    return Nominal(np.ascontiguousarray(shown), planes[1] > 0, planes[2] > 0)


def _cropped(plane: NDArray[Any], place: tuple[float, float], size: tuple[int, int]) -> NDArray[Any]:
    lacking = [max(wanted - side, 0) for wanted, side in zip(size, plane.shape[:2], strict=True)]
    if any(lacking):
        plane = cv2.copyMakeBorder(plane, 0, lacking[0], 0, lacking[1], cv2.BORDER_REFLECT)
    top, left = (round(p * (side - wanted)) for p, side, wanted in zip(place, plane.shape[:2], size, strict=True))
    return plane[top : top + size[0], left : left + size[1]]


def _flipped(plane: NDArray[Any], params: ViewParams) -> NDArray[Any]:
    if params.flip_horizontal:
        plane = plane[:, ::-1]
    return plane[::-1] if params.flip_vertical else plane
