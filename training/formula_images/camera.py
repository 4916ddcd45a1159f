"""A camera's picture of a radiance: blur, exposure, tint, shot and read noise, clipping, 8 bits."""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.formula_images.draw import Episodes, chance


def photographed(radiance: Tensor, episodes: Episodes, generator: torch.Generator) -> Tensor:
    """Return RGB pictures (B, 3, H, W) in 0..1, in steps of 1/255, of radiance (B, 3, H, W) >= 0.

    The pictures of an episode have similar settings.
    """
    sharp = episodes.each(chance(generator, episodes.count, 0.5))
    picture = _blurred(radiance, torch.where(sharp, 0.0, episodes.drawn(generator, 0.3, 1.3)))
    grey = chance(generator, episodes.count, 0.6)
    balance = 0.85 + 0.3 * torch.rand(episodes.count, 3, generator=generator, device=picture.device)
    tint = torch.where(grey[:, None], 1.0, balance).repeat(episodes.sound + episodes.flawed, 1)
    picture = picture * tint[:, :, None, None]
    exposure = episodes.drawn(generator, 0.12, 0.75, logarithmic=True) / picture.mean((1, 2, 3)).clamp_min(1e-4)
    picture = picture * _each(exposure)
    picture = picture.clamp_min(0) ** _each(episodes.drawn(generator, 0.45, 1.1, logarithmic=True))
    contrast = _each(episodes.drawn(generator, 0.35, 1.6, logarithmic=True))
    middle = picture.mean((1, 2, 3), keepdim=True)
    picture = middle + contrast * (picture - middle)
    noise = _each(episodes.drawn(generator, 0.002, 0.04, logarithmic=True))
    grain = torch.randn(picture.shape, generator=generator, device=picture.device)
    picture = picture + noise * (0.3 + picture.clamp(0, 1)).sqrt() * grain
    return (picture.clamp(0, 1) * 255).round() / 255


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _blurred(pictures: Tensor, sigma: Tensor) -> Tensor:
    """Return pictures (B, C, H, W) after a Gaussian of ``sigma`` (B,) [pixels], 0 for none; edges repeated."""
    offsets = torch.arange(-3, 4, device=pictures.device)
    kernel = torch.exp(-0.5 * (offsets / sigma.clamp_min(1e-3)[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(pictures.shape[1], 0)[:, None, None]
    padded = F.pad(pictures.flatten(0, 1)[None], (3, 3, 3, 3), mode="replicate")
    rows = F.conv2d(padded, kernel, groups=len(kernel))
    return F.conv2d(rows, kernel.transpose(2, 3), groups=len(kernel))[0].unflatten(0, pictures.shape[:2])
