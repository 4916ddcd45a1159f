"""Defects planted at known places on seeded textures: where the anomaly map puts them, and how borders compare."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.benchmark_images import brushed_texture

Picture = NDArray[np.uint8]
AnomalyMap = NDArray[np.float32]
SQUARE = 16
"""Side of a planted square [pixels]."""


@dataclass(frozen=True)
class Planted:
    """A texture with a square of another grey, the same texture without it, and the square's centre (y, x) [pixels]."""

    picture: Picture
    plain: Picture
    centre: tuple[float, float]


def textures(count: int, side: tuple[int, int], seed: int) -> list[Picture]:
    """Return nominal textures (H, W, 3), each from its own seed, with grooves along rows and along columns in turn."""
    found = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        along_rows = number % 2 == 0
        texture = brushed_texture(rng, *(side if along_rows else side[::-1]))
        found.append(texture if along_rows else np.ascontiguousarray(texture.transpose(1, 0, 2)))
    return found


def planted(count: int, side: tuple[int, int], seed: int, margin: int = 48) -> list[Planted]:
    """Return textures with a square each, ``margin`` [pixels] or more from every border."""
    found = []
    for number, plain in enumerate(textures(count, side, seed)):
        rng = np.random.default_rng([seed, number, 1])
        top, left = (int(rng.integers(margin, length - margin - SQUARE + 1)) for length in side)
        found.append(_with_square(plain, top, left, rng))
    return found


def at_borders(count: int, side: tuple[int, int], seed: int) -> list[Planted]:
    """Return textures with a square each that touches a border: top, left, bottom and right in turn."""
    found = []
    for number, plain in enumerate(textures(count, side, seed)):
        rng = np.random.default_rng([seed, number, 2])
        along = [int(rng.integers(0, length - SQUARE + 1)) for length in side]
        edge = number // 2 % 4
        along[edge % 2] = 0 if edge < 2 else side[edge % 2] - SQUARE
        found.append(_with_square(plain, *along, rng))
    return found


def displacements(judge: Callable[[Picture], AnomalyMap], defects: Sequence[Planted]) -> NDArray[np.float64]:
    """Return how far below and right of each square the map puts it, (N, 2) [pixels]: the centroid of what the square
    adds to the map, less the square's centre.
    """
    return np.array([_centroid(judge(d.picture) - judge(d.plain)) - np.array(d.centre) for d in defects])


def outer_ring_share(maps: Sequence[AnomalyMap], cell: int) -> tuple[float, float]:
    """Return the share of maps whose largest value lies within ``cell`` pixels of a border, and that ring's share of
    the area.
    """
    inside = 0
    for scores in maps:
        place = np.unravel_index(int(scores.argmax()), scores.shape)
        inside += all(cell <= p < length - cell for p, length in zip(place, scores.shape, strict=True))
    height, width = maps[0].shape
    ring = 1 - (height - 2 * cell) * (width - 2 * cell) / (height * width)
    return 1 - inside / len(maps), ring


def contrast(judge: Callable[[Picture], AnomalyMap], defects: Sequence[Planted], nominal: float) -> float:
    """Return the mean largest score of planted defects over ``nominal``, the mean largest score of nominal images."""
    return float(np.mean([judge(d.picture).max() for d in defects]) / nominal)


def _with_square(plain: Picture, top: int, left: int, rng: np.random.Generator) -> Planted:
    picture = plain.copy()
    sign = 1 if rng.random() < 0.5 else -1
    square = picture[top : top + SQUARE, left : left + SQUARE].astype(np.int16) + sign * int(rng.integers(50, 90))
    picture[top : top + SQUARE, left : left + SQUARE] = square.clip(0, 255)
    return Planted(picture, plain, (top + SQUARE / 2, left + SQUARE / 2))


def _centroid(added: AnomalyMap) -> NDArray[np.float64]:
    weights = np.clip(added, 0, None).astype(np.float64)
    rows, columns = (np.arange(length) + 0.5 for length in weights.shape)
    return np.array([weights.sum(1) @ rows, weights.sum(0) @ columns]) / weights.sum()
