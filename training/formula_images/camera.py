"""From radiance to a camera's picture: blur, exposure, tint, shot and read noise, clipping, 8 bits."""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.formula_images.draw import chance, log_uniform, per_image, uniform


def photographed(radiance: Tensor, generator: torch.Generator) -> Tensor:
    """Return RGB pictures (B, 3, H, W) in 0..1, in steps of 1/255, of radiance (B, H, W) >= 0."""
    count = len(radiance)
    sharp = torch.where(chance(generator, count, 0.5), 0.0, uniform(generator, count, 0.3, 1.3))
    picture = _blurred(radiance, sharp)
    exposure = log_uniform(generator, count, 0.12, 0.75) / picture.mean((1, 2)).clamp_min(1e-4)
    picture = picture * per_image(exposure)
    gamma = log_uniform(generator, count, 0.45, 1.1)
    picture = picture.clamp_min(0) ** per_image(gamma)
    contrast = per_image(log_uniform(generator, count, 0.35, 1.6))
    middle = picture.mean((1, 2), keepdim=True)
    picture = middle + contrast * (picture - middle)
    grain = torch.randn(picture.shape, generator=generator, device=picture.device)
    picture = (
        picture + per_image(log_uniform(generator, count, 0.002, 0.04)) * (0.3 + picture.clamp(0, 1)).sqrt() * grain
    )
    grey = chance(generator, count, 0.6)
    tint = torch.where(
        grey[:, None], 1.0, 0.85 + 0.3 * torch.rand(count, 3, generator=generator, device=picture.device)
    )
    return ((picture[:, None] * tint[:, :, None, None]).clamp(0, 1) * 255).round() / 255


def _blurred(pictures: Tensor, sigma: Tensor) -> Tensor:
    """Return pictures (B, H, W) after a Gaussian of ``sigma`` (B,) [pixels], 0 for none; edges repeated."""
    reach = torch.arange(-3, 4, device=pictures.device)
    kernel = torch.exp(-0.5 * (reach / sigma.clamp_min(1e-3)[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True))[:, None, None]
    padded = F.pad(pictures[None], (3, 3, 3, 3), mode="replicate")
    rows = F.conv2d(padded, kernel, groups=len(pictures))
    return F.conv2d(rows, kernel.transpose(2, 3), groups=len(pictures))[0]
