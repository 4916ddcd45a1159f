"""Shapes of synthetic anomalies: Perlin noise, scratches, blobs, and the whole foreground."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.anomaly_synthesis.perlin import perlin_field
from training.anomaly_synthesis.settings import MaskSettings

KINDS = ("perlin", "scratch", "blob", "whole")

_SUBPIXEL = 4  # bits of cv2's fixed-point coordinates


@dataclass(frozen=True)
class PerlinMask:
    """The pixels where Perlin noise of ``cells`` (rows, columns), turned by an angle [rad], exceeds ``level``."""

    cells: tuple[int, int]
    turn: float
    level: float
    seed: int


@dataclass(frozen=True)
class ScratchMask:
    """A polyline; points (x, y) are shares of the image's sides, the width of its shorter side."""

    points: tuple[tuple[float, float], ...]
    width: float


@dataclass(frozen=True)
class BlobMask:
    """A closed curve about a centre (x, y), of a radius that varies with the direction; in shares of the image's sides.

    ``waves`` holds (amplitude, phase [rad]) of the radius' harmonics 1, 2, ..., amplitudes relative to the radius.
    """

    centre: tuple[float, float]
    radius: float
    stretch: float
    turn: float
    waves: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class WholeMask:
    """Every pixel."""


MaskParams = PerlinMask | ScratchMask | BlobMask | WholeMask


def draw_mask_params(rng: np.random.Generator, settings: MaskSettings) -> MaskParams:
    """Draw a kind by the weights of the settings, and its parameters."""
    kind = str(rng.choice(KINDS, p=settings.kinds.shares()))
    if kind == "perlin":
        low, high = settings.perlin_cells
        rows, columns = (2 ** int(rng.integers(round(math.log2(low)), round(math.log2(high)) + 1)) for _ in range(2))
        turn = rng.uniform(-math.pi / 2, math.pi / 2)
        return PerlinMask((rows, columns), turn, rng.uniform(*settings.perlin_level), int(rng.integers(2**63)))
    if kind == "scratch":
        return _draw_scratch(rng, settings)
    if kind == "blob":
        radius = _log_uniform(rng, *settings.blob_radius)
        waves = tuple((rng.normal(0, 0.25 / (1 + n)), rng.uniform(0, 2 * math.pi)) for n in range(5))
        return BlobMask(_place(rng), radius, _log_uniform(rng, 1.0, 2.5), rng.uniform(0, math.pi), waves)
    return WholeMask()


def build_mask(params: MaskParams, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels (H, W) of a drawn shape."""
    height, width = shape
    if isinstance(params, PerlinMask):
        noise = perlin_field(shape, params.cells, params.turn, np.random.default_rng(params.seed))
        return np.asarray(noise > params.level)
    if isinstance(params, WholeMask):
        return np.ones(shape, dtype=np.bool_)
    drawn = np.zeros(shape, dtype=np.uint8)
    if isinstance(params, ScratchMask):
        line = _fixed(np.asarray(params.points, dtype=np.float64) * np.array([width, height], dtype=np.float64))
        thickness = max(1, round(params.width * min(shape)))
        cv2.polylines(drawn, [line], False, (1,), thickness, cv2.LINE_8, _SUBPIXEL)
        return drawn > 0
    angles = np.linspace(0, 2 * math.pi, 96, endpoint=False)
    radius = params.radius * (1 + sum(a * np.cos((n + 1) * angles + p) for n, (a, p) in enumerate(params.waves)))
    radius = np.maximum(radius, 0.2 * params.radius)
    along, across = radius * np.cos(angles) * params.stretch, radius * np.sin(angles)
    x = params.centre[0] + math.cos(params.turn) * along - math.sin(params.turn) * across
    y = params.centre[1] + math.sin(params.turn) * along + math.cos(params.turn) * across
    cv2.fillPoly(drawn, [_fixed(np.stack([x * width, y * height], axis=1))], (1,), cv2.LINE_8, _SUBPIXEL)
    return drawn > 0


def _draw_scratch(rng: np.random.Generator, settings: MaskSettings) -> ScratchMask:
    """Draw a walk of slowly turning steps."""
    length, count = _log_uniform(rng, *settings.scratch_length), 6
    place, heading = np.asarray(_place(rng)), rng.uniform(0, 2 * math.pi)
    bend = rng.normal(0, 0.15)
    points = [tuple(place)]
    for _ in range(count):
        place = place + length / count * np.array([math.cos(heading), math.sin(heading)])
        heading += bend + rng.normal(0, 0.1)
        points.append(tuple(place))
    return ScratchMask(tuple((float(x), float(y)) for x, y in points), _log_uniform(rng, *settings.scratch_width))


def _place(rng: np.random.Generator) -> tuple[float, float]:
    return rng.uniform(0, 1), rng.uniform(0, 1)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return points (n, 2) [pixels] in cv2's fixed-point form (n, 1, 2)."""
    return np.round((points - 0.5) * 2**_SUBPIXEL).astype(np.int32)[:, None]
