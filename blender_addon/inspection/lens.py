"""Lens and sensor effects on a rendered picture: blur, vignetting, exposure, shot and read noise.

The effects act on the linear picture in the order in which light and electrons meet them. The sensor is monochrome.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter
from ..definitions.random_stream import stream
from .camera import CameraParams

KERNEL_SIGMAS = 4.0  # half width of the blur's kernel, in standard deviations

Development = Callable[[np.ndarray], np.ndarray]  # linear float (H, W, 3) to sRGB uint8 (H, W, 3)


@dataclass(frozen=True)
class LensParams:
    """A lens and a sensor; the defaults have no effect."""

    blur: float = parameter(
        0.0,
        unit="m",
        low=0.0,
        high=1e-3,
        soft=(0.0, 2e-05),
        label="Blur",
        description="The lens spreads a point over this distance on the sensor, as a standard deviation",
    )
    vignetting: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        soft=(0.0, 0.6),
        label="Vignetting",
        description="The corners lose this part of their light",
    )
    exposure: float = parameter(
        1.0,
        unit="1",
        low=0.01,
        high=100.0,
        soft=(0.1, 4.0),
        label="Exposure",
        description="The picture is brighter by this factor",
    )
    full_well: int = parameter(
        0,
        unit="count",
        low=0,
        high=10_000_000,
        soft=(0, 40000),
        label="Full Well",
        description="A white pixel holds this many electrons; fewer make more shot noise, and 0 makes none",
    )
    read_noise: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        soft=(0.0, 0.02),
        label="Read Noise",
        description="The sensor adds noise of this standard deviation, relative to white",
    )


def draw_lens_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> LensParams:
    """Draw one picture's lens and sensor from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(LensParams, ranges, rng)


def development(lens: LensParams, camera: CameraParams, width: int, noise_key: tuple[int, ...]) -> Development | None:
    """Return the function from a linear picture, `width` pixels wide, to the sensor's 8-bit picture.

    `noise_key` seeds the sensor's noise. Returns None for the default lens, which has no effect.
    """
    if lens == LensParams():
        return None
    pixel = camera.sensor_width / width
    return lambda linear: through_lens(linear, lens, pixel, stream(*noise_key))


def through_lens(picture: np.ndarray, params: LensParams, pixel: float, rng: np.random.Generator) -> np.ndarray:
    """Return the sensor's 8-bit sRGB picture, uint8 (H, W, 3), of a linear one, float (H, W, 3).

    `pixel` is the side of a pixel on the sensor in metres. Shot noise is normal with the variance of the number of
    electrons, which approximates Poisson noise for thousands of electrons.
    """
    light = _blurred(picture.astype(np.float64).mean(axis=-1), params.blur / pixel)
    height, width = light.shape
    y, x = np.ogrid[:height, :width]
    half_diagonal_squared = (width**2 + height**2) / 4
    from_axis = ((x + 0.5 - width / 2) ** 2 + (y + 0.5 - height / 2) ** 2) / half_diagonal_squared
    light *= (1 - params.vignetting * from_axis) * params.exposure
    shot_variance = light.clip(0) / params.full_well if params.full_well else 0.0
    light += np.sqrt(shot_variance + params.read_noise**2) * rng.standard_normal(light.shape)
    return np.repeat(srgb_bytes(light)[..., None], 3, axis=-1)


def srgb_bytes(linear: np.ndarray) -> np.ndarray:
    """Return linear values, where 1 is white, as 8-bit sRGB (IEC 61966-2-1)."""
    linear = linear.clip(0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)


def _blurred(light: np.ndarray, sigma: float) -> np.ndarray:
    """Convolve (H, W) with a normal kernel of `sigma` pixels; the edge's values continue beyond the edge."""
    radius = int(np.ceil(KERNEL_SIGMAS * sigma))
    if radius == 0:
        return light
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padding = [(radius, radius) if axis == other else (0, 0) for other in (0, 1)]
        padded = np.pad(light, padding, mode="edge")
        size = light.shape[axis]
        light = sum(
            weight * padded[start : start + size] if axis == 0 else weight * padded[:, start : start + size]
            for start, weight in enumerate(kernel)
        )
    return light
