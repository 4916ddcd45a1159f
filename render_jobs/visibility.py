"""Visibility of the instances of a picture: how far a blemish stands out of the noise.

It is the mean absolute difference in an instance's pixels between the picture and the same picture without blemishes,
divided by the noise: the same difference between two pictures without blemishes that only their random numbers part.
At 1 a blemish changes as much as the noise does. Where instances overlap, a pixel counts for the annotated one.
The visible part is the share of the instance's pixels around which the same holds: within WINDOW pixels and the
instance.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from blender_addon.definitions.classes import BACKGROUND, IGNORE
from blender_addon.pictures.masked_picture import Masks

LEAST_NOISE = 0.5  # grey levels; noise below this is rounding
RING = 0.01  # width of the ring around an instance, relative to the picture's
LEAST_RING = 16  # pixels of a ring that an estimate needs
WINDOW = 3  # pixels to either side
DECIMALS = 3
ROUNDING = 1e-6  # grey levels; of sums of differences
TWO_PICTURES = np.sqrt(2.0)  # noise of a difference over that of one picture


class Visibility(NamedTuple):
    """Visibility of an instance, None if it cannot be estimated, and its visible part, None unless it is exact."""

    visibility: float | None
    visible_part: float | None = None


@dataclass(frozen=True)
class CleanPictures:
    """Two pictures of a plate without blemishes, uint8 (H, W, 3).

    `same` has the random numbers of the picture with blemishes, `other` has others.
    """

    same: np.ndarray
    other: np.ndarray


def exact_visibility(picture: np.ndarray, clean: CleanPictures, masks: Masks) -> tuple[Visibility, ...]:
    """Return the visibility of every instance; `picture` is uint8 (H, W, 3)."""
    change = _difference(picture, clean.same)
    noise = _difference(clean.same, clean.other)
    found = []
    for rows, columns in _pixels(masks):
        least = max(float(noise[rows, columns].mean()), LEAST_NOISE)
        value = float(change[rows, columns].mean()) / least
        box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        inside = masks.instances[box] == masks.instances[rows[0], columns[0]]
        changes, noises, pixels = (_box_sums(each * inside, WINDOW) for each in (change[box], noise[box], 1.0))
        visible = changes >= np.maximum(noises, LEAST_NOISE * pixels) - ROUNDING
        found.append(Visibility(round(value, DECIMALS), round(float(visible[inside].mean()), DECIMALS)))
    return tuple(found)


def estimated_visibility(picture: np.ndarray, masks: Masks) -> tuple[Visibility, ...]:
    """Estimate the visibility of every instance from the picture alone, uint8 (H, W, 3).

    A plane through the background pixels in a ring around the instance stands for the picture without it, and their
    deviation from the plane for the noise, which includes the metal's texture. None where the ring has too few pixels.
    """
    grey = picture.mean(axis=2)
    background = masks.classes == BACKGROUND.id
    width = max(round(RING * grey.shape[1]), 3)
    return tuple(
        Visibility(_stands_out(grey, background, masks.instances, rows, columns, width))
        for rows, columns in _pixels(masks)
    )


def _stands_out(
    grey: np.ndarray,
    background: np.ndarray,
    instances: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    width: int,
) -> float | None:
    top, left = max(rows.min() - width, 0), max(columns.min() - width, 0)
    box = np.s_[top : rows.max() + width + 1, left : columns.max() + width + 1]
    inside = instances[box] == instances[rows[0], columns[0]]
    ring = (_box_sums(inside, width) > 0.5) & background[box]
    if np.count_nonzero(ring) < LEAST_RING:
        return None
    ring_rows, ring_columns = np.nonzero(ring)
    place = np.stack([np.ones(len(ring_rows)), ring_rows, ring_columns], axis=1)
    around = grey[box][ring]
    plane, *_ = np.linalg.lstsq(place, around, rcond=None)
    noise = max(float(np.abs(around - place @ plane).mean()), LEAST_NOISE / TWO_PICTURES)
    expected = plane[0] + plane[1] * (rows - top) + plane[2] * (columns - left)
    deviation = float(np.abs(grey[rows, columns] - expected).mean())
    # The instance's pixels have noise of their own, which is not part of their change.
    change = max(deviation**2 - noise**2, 0.0) ** 0.5
    return round(change / (TWO_PICTURES * noise), DECIMALS)


def with_ignored(masks: Masks, visibility: tuple[Visibility, ...], minimum: float) -> Masks:
    """Return the masks; instances below the minimum become ignored pixels of the class mask."""
    values = [(number, each.visibility) for number, each in enumerate(visibility, start=1)]
    hidden = [number for number, value in values if value is not None and value < minimum]
    if not hidden:
        return masks
    classes = np.where(np.isin(masks.instances, hidden), np.uint8(IGNORE), masks.classes)
    return dataclasses.replace(masks, classes=classes)


def _difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the mean absolute difference of the channels, float (H, W), in grey levels."""
    return np.abs(first.astype(np.int16) - second).mean(axis=2)


def _pixels(masks: Masks) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows and columns of the pixels of instance 1, 2 and so on; every instance has pixels."""
    rows, columns = np.nonzero(masks.instances)
    numbers = masks.instances[rows, columns]
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(1, len(masks.found) + 2))
    for start, end in pairwise(starts):
        chosen = order[start:end]
        yield rows[chosen], columns[chosen]


def _box_sums(values: np.ndarray, width: int) -> np.ndarray:
    """Return, for every pixel of (H, W), the sum of the values up to `width` pixels away in both axes."""
    sums = np.asarray(values, np.float64)
    for axis in (0, 1):
        size, span = sums.shape[axis], 2 * width + 1
        padding = [(width + 1, width) if axis == other else (0, 0) for other in (0, 1)]
        total = np.cumsum(np.pad(sums, padding), axis=axis)
        sums = np.take(total, range(span, span + size), axis=axis) - np.take(total, range(size), axis=axis)
    return sums
