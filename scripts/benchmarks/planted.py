"""Defects planted at known places on seeded textures, to measure displacement and border effects of anomaly maps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.images import brushed_texture

Picture = NDArray[np.uint8]
AnomalyMap = NDArray[np.float32]
SQUARE = 16
"""Side of a planted square [pixels]."""
PEAK_SHARE = 0.5
"""Share of the peak from which a square's response counts; fainter parts are mostly scatter of the texture."""


@dataclass(frozen=True)
class Planted:
    """A texture with a square of another grey, the same texture without it, and the square's centre (y, x) [pixels]."""

    picture: Picture
    plain: Picture
    centre: tuple[float, float]


def textures(count: int, side: tuple[int, int], seed: int) -> list[Picture]:
    """Return nominal textures (H, W, 3), each from its own seed.

    Their kinds are, in turn: grooves along rows, grooves along columns, fine grain and coarse grain.
    """
    kinds = (_along_rows, _along_columns, _fine_grain, _coarse_grain)
    return [kinds[number % 4](np.random.default_rng([seed, number]), side) for number in range(count)]


def _along_rows(rng: np.random.Generator, side: tuple[int, int]) -> Picture:
    return brushed_texture(rng, *side)


def _along_columns(rng: np.random.Generator, side: tuple[int, int]) -> Picture:
    return np.ascontiguousarray(brushed_texture(rng, side[1], side[0]).transpose(1, 0, 2))


def _fine_grain(rng: np.random.Generator, side: tuple[int, int]) -> Picture:
    return _grain(rng, side, 1.0)


def _coarse_grain(rng: np.random.Generator, side: tuple[int, int]) -> Picture:
    return _grain(rng, side, 4.0)


def _grain(rng: np.random.Generator, side: tuple[int, int], sigma: float) -> Picture:
    grain = cv2.GaussianBlur(rng.normal(size=side).astype(np.float32), (0, 0), sigma)
    grey = 125 + 16 * grain / grain.std() + rng.normal(scale=2.0, size=side)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def planted(count: int, side: tuple[int, int], seed: int, margin: int = 48) -> list[Planted]:
    """Return textures with one square each, at least ``margin`` [pixels] from every border."""
    found = []
    for number, plain in enumerate(textures(count, side, seed)):
        rng = np.random.default_rng([seed, number, 1])
        top, left = (int(rng.integers(margin, length - margin - SQUARE + 1)) for length in side)
        found.append(_with_square(plain, top, left, rng))
    return found


def at_borders(count: int, side: tuple[int, int], seed: int) -> list[Planted]:
    """Return textures with one square each that touches a border: top, left, bottom and right in turn."""
    found = []
    for number, plain in enumerate(textures(count, side, seed)):
        rng = np.random.default_rng([seed, number, 2])
        along = [int(rng.integers(0, length - SQUARE + 1)) for length in side]
        edge = number // 4 % 4
        along[edge % 2] = 0 if edge < 2 else side[edge % 2] - SQUARE
        found.append(_with_square(plain, along[0], along[1], rng))
    return found


def displacements(anomaly_map: Callable[[Picture], AnomalyMap], defects: Sequence[Planted]) -> NDArray[np.float64]:
    """Return the displacement (N, 2) [pixels] of each square in the map, positive below and right."""
    pairs = [(anomaly_map(d.picture), anomaly_map(d.plain)) for d in defects]
    return displacements_of([with_it for with_it, _ in pairs], [without for _, without in pairs], defects)


def displacements_of(
    with_it: Sequence[AnomalyMap], without: Sequence[AnomalyMap], defects: Sequence[Planted]
) -> NDArray[np.float64]:
    """Return displacements (N, 2) [pixels], y and x, of the maps' responses from the squares' centres.

    The response is the centroid of what a square adds to the map, down to PEAK_SHARE of its peak.
    """
    found = zip(with_it, without, defects, strict=True)
    return np.array([_centroid(high - low) - np.array(defect.centre) for high, low, defect in found])


def outer_ring_share(maps: Sequence[AnomalyMap], cell: int) -> tuple[float, float]:
    """Return the share of maps with the maximum within ``cell`` pixels of a border, and that ring's area share."""
    inside = 0
    for scores in maps:
        place = np.unravel_index(int(scores.argmax()), scores.shape)
        inside += all(cell <= p < length - cell for p, length in zip(place, scores.shape, strict=True))
    height, width = maps[0].shape
    ring = 1 - (height - 2 * cell) * (width - 2 * cell) / (height * width)
    return 1 - inside / len(maps), ring


def contrast(anomaly_map: Callable[[Picture], AnomalyMap], defects: Sequence[Planted], nominal: float) -> float:
    """Return the mean largest score of planted defects divided by ``nominal``, that of nominal images."""
    return float(np.mean([anomaly_map(d.picture).max() for d in defects]) / nominal)


def _with_square(plain: Picture, top: int, left: int, rng: np.random.Generator) -> Planted:
    picture = plain.copy()
    sign = 1 if rng.random() < 0.5 else -1
    square = picture[top : top + SQUARE, left : left + SQUARE].astype(np.int16) + sign * int(rng.integers(50, 90))
    picture[top : top + SQUARE, left : left + SQUARE] = square.clip(0, 255)
    return Planted(picture, plain, (top + SQUARE / 2, left + SQUARE / 2))


def _centroid(added: AnomalyMap) -> NDArray[np.float64]:
    weights = np.where(added >= PEAK_SHARE * added.max(), added, 0).astype(np.float64)
    rows, columns = (np.arange(length) + 0.5 for length in weights.shape)
    return np.array([weights.sum(1) @ rows, weights.sum(0) @ columns]) / weights.sum()
