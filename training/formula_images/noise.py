"""Random fields from white noise filtered in the frequency domain, and their plane coordinates."""

from collections.abc import Callable

import torch
from torch import Tensor

from training.formula_images.draw import per_image


def standardised(field: Tensor) -> Tensor:
    """Return maps (B, H, W) with mean 0 and standard deviation 1 each; a constant map becomes 0."""
    centred = field - field.mean((1, 2), keepdim=True)
    return centred / centred.std((1, 2), keepdim=True).clamp_min(1e-6)


def plane(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return x and y of the pixels' centres, each (size, size), in pixels from the middle."""
    steps = torch.arange(size, device=device, dtype=torch.float32) - (size - 1) / 2
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return x, y


def turned(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Return coordinates (B, H, W) along and across the directions ``angle`` (B,) [rad]."""
    cosine, sine = per_image(angle.cos()), per_image(angle.sin())
    return cosine * x + sine * y, cosine * y - sine * x


def band_noise(
    generator: torch.Generator, size: int, frequency: Tensor, octaves: Tensor, angle: Tensor, stretch: Tensor
) -> Tensor:
    """Return Gaussian noise (B, size, size), mean 0 and deviation 1, in a band of frequencies.

    The band is log-normal about ``frequency`` (B,) [cycles per pixel] with the deviation ``octaves`` (B,), and
    stretched by ``stretch`` (B,) along ``angle`` (B,) [rad].
    """

    def gain(u: Tensor, v: Tensor) -> Tensor:
        along, across = turned(u, v, angle)
        radius = ((per_image(stretch) * along) ** 2 + across**2).sqrt().clamp_min(0.5 / size)
        return torch.exp(-0.5 * ((radius / per_image(frequency)).log2() / per_image(octaves)) ** 2)

    return _filtered(generator, len(frequency), size, gain)


def power_noise(generator: torch.Generator, size: int, slope: Tensor) -> Tensor:
    """Return fractal noise (B, size, size), mean 0 and deviation 1, of amplitude spectrum f^-slope, slope (B,)."""

    def gain(u: Tensor, v: Tensor) -> Tensor:
        return (u**2 + v**2).sqrt().clamp_min(0.5 / size) ** per_image(-slope)

    return _filtered(generator, len(slope), size, gain)


def smooth_noise(generator: torch.Generator, count: int, size: int, period: float) -> Tensor:
    """Return isotropic noise (count, size, size), mean 0 and deviation 1, of about ``period`` pixels."""
    ones = torch.ones(count, device=generator.device)
    return band_noise(generator, size, ones / period, 0.4 * ones, 0 * ones, ones)


def _filtered(generator: torch.Generator, count: int, size: int, gain: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    u = torch.fft.rfftfreq(size, device=generator.device)[None, :]
    v = torch.fft.fftfreq(size, device=generator.device)[:, None]
    white = torch.randn(count, size, size, generator=generator, device=generator.device)
    spectrum = torch.fft.rfft2(white) * gain(u, v)
    spectrum[:, 0, 0] = 0
    return standardised(torch.fft.irfft2(spectrum, s=(size, size)))
