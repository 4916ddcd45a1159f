"""Deposits that the water leaves inside an outline, in NumPy: rim, inner ring, drying lines, specks and crust.

`d` is the normalised distance d/r'. A band is 1 in its middle and falls smoothly to 0 at its borders.

- The rim is a band along the outline. Two noises along it vary its width and its strength.
- The lines of drying stages are bands at d = 1 - k spacing, k = 1, 2, ... Hashes of the stain's cell and k shift and
  weaken each of them; a line stays inside its own part of the distance, k - 1/2 to k + 1/2.
- The crust covers the points at which a noise of three octaves exceeds a threshold, which falls towards the outline.
"""

from dataclasses import dataclass

import numpy as np

from .noise import shifted_noise, white_noise
from .params import WaterStainParams

SPECKLE_ONSET, SPECKLE_SLOPE = 0.1, 4.0
CONTOUR_DRAW, CONTOUR_STEP = 0.125, 1 / 64  # added to the seed for line 0, and for each further line
# Added to the seed for other noises than the outline's; whole, so that the shift of the noise stays exact in float32.
RIM_WIDTH_NOISE, RIM_INTENSITY_NOISE, CRUST_NOISE = 37, 151, 73
RIM_NOISE_SLOPE = 2.0  # the noise is rarely beyond a half
CRUST_OCTAVES, CRUST_GAIN = 3, 0.5
CRUST_ONSET, CRUST_SPAN, CRUST_SLOPE = 0.6, 1.2, 4.0  # the threshold, its fall at full coverage, and the crust's edge


@dataclass(frozen=True)
class Deposits:
    """The reflectance that the deposits add, and the crust, 0..1; arrays of shape (N,)."""

    reflectance: np.ndarray
    crust: np.ndarray


def deposits(points: np.ndarray, ratio: np.ndarray, cells: np.ndarray | None, params: WaterStainParams) -> Deposits:
    """Evaluate the deposits at points (3, N), metres, inside a stain; exactly 0 for intensities and coverages of 0.

    `ratio` (N,) is d/r'. `cells` (3, N) are the cells of the stains; None for a single stain, whose lines do not vary.
    """
    real = points.dtype.type
    change, crust = np.zeros_like(ratio), np.zeros_like(ratio)
    if params.rim_intensity:
        change += _rim(points, ratio, params)
    if params.ring_intensity:
        change += real(params.ring_intensity) * _band(ratio, real(params.ring_position), real(params.ring_width))
    if params.contour_intensity:
        change += real(params.contour_intensity) * _contours(ratio, cells, params)
    if params.speckle_intensity:
        noise = shifted_noise(points, params.speckle_frequency, params.seed_offset)
        speck = np.clip((noise - real(SPECKLE_ONSET)) * real(SPECKLE_SLOPE), 0, 1)
        change += real(params.speckle_intensity) * (speck * speck)
    if params.crust_coverage > 0:
        seed = params.seed_offset + CRUST_NOISE
        noise = shifted_noise(points, params.crust_frequency, seed, CRUST_OCTAVES, CRUST_GAIN)
        threshold = real(CRUST_ONSET) - real(params.crust_coverage) * ratio * real(CRUST_SPAN)
        crust = np.clip((noise - threshold) * real(CRUST_SLOPE), 0, 1)
        change += real(params.crust_intensity) * crust
    return Deposits(change, crust)


def _rim(points: np.ndarray, ratio: np.ndarray, params: WaterStainParams) -> np.ndarray:
    real = points.dtype.type
    width, intensity = real(params.rim_width), real(params.rim_intensity)
    if params.rim_width_variation:
        width = width + width * real(params.rim_width_variation) * _along_rim(points, params, RIM_WIDTH_NOISE)
    if params.rim_intensity_variation:
        sway = _along_rim(points, params, RIM_INTENSITY_NOISE)
        intensity = intensity + intensity * real(params.rim_intensity_variation) * sway
    return intensity * _band(ratio, 1 - width * real(0.5), width)


def _along_rim(points: np.ndarray, params: WaterStainParams, number: int) -> np.ndarray:
    """Return a noise, -1..1, that varies along the rim."""
    noise = shifted_noise(points, params.rim_variation_frequency, params.seed_offset + number)
    return np.clip(noise * noise.dtype.type(RIM_NOISE_SLOPE), -1, 1)


def _contours(ratio: np.ndarray, cells: np.ndarray | None, params: WaterStainParams) -> np.ndarray:
    """Return the lines of the drying stages, 0..1."""
    real = ratio.dtype.type
    spacing = real(params.contour_spacing)
    half = np.minimum(real(params.contour_width) / spacing, real(1)) * real(0.5)  # of a line's width, in spacings
    place = (1 - ratio) / spacing
    line = np.floor(place + real(0.5))
    lines = ((line >= 1) & (line <= params.contours)).astype(ratio.dtype)
    centre, variation = line, real(params.contour_variation)
    if cells is not None and variation > 0:
        w = real(params.seed_offset) + (line * real(CONTOUR_STEP) + real(CONTOUR_DRAW))
        drawn = white_noise(cells, w).astype(ratio.dtype)
        lines = lines * (1 - variation * drawn[0])
        centre = line + (2 * drawn[1] - 1) * variation * (real(0.5) - half)
    x = np.maximum(1 - np.abs(place - centre) / half, 0)
    return x * x * (3 - 2 * x) * lines


def _band(ratio: np.ndarray, centre: float | np.ndarray, width: float | np.ndarray) -> np.ndarray:
    """Return 1 in the middle of a ring of normalised distances, falling smoothly to 0 at its borders."""
    x = np.maximum(1 - np.abs(ratio - centre) / (width * ratio.dtype.type(0.5)), 0)
    return x * x * (3 - 2 * x)
