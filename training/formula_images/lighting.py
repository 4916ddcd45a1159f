"""Light on a height field: scattered light of lamps, and a lamp's mirror image distorted by the slopes."""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.formula_images.draw import per_image, uniform
from training.formula_images.noise import plane, smooth_noise


def lit(height: Tensor, relief: Tensor, metal: Tensor, generator: torch.Generator) -> Tensor:
    """Return the brightness (B, H, W) >= 0 of surfaces with height [pixels], relief and metal 0..1 (each (B, H, W)).

    Mirrored light comes from a smooth lamp at (p + s n), as on a plate under a ring light. Scattered light comes from
    one lamp anywhere above the surface, after Lambert.
    """
    count, size = len(height), height.shape[-1]
    strength = 0.02 + 0.98 * relief
    slope_y, slope_x = torch.gradient(height, dim=(1, 2))
    slope_x, slope_y = strength * slope_x, strength * slope_y
    azimuth = uniform(generator, count, 0.0, 2 * torch.pi)
    elevation = uniform(generator, count, 0.25, 1.4)
    toward = per_image(azimuth.cos() * elevation.cos()), per_image(azimuth.sin() * elevation.cos())
    upright = (1 + slope_x**2 + slope_y**2).rsqrt()
    scattered = ((per_image(elevation.sin()) - slope_x * toward[0] - slope_y * toward[1]) * upright).clamp_min(0)
    mirrored = _mirrored(_lamp(generator, count, size), slope_x, slope_y, generator)
    return metal * mirrored + (1 - metal) * scattered


def _lamp(generator: torch.Generator, count: int, size: int) -> Tensor:
    """Return a smooth distribution of light (B, H, W) >= 0: a soft random one, for some times a ring or a spot."""
    soft = (0.6 + 0.35 * smooth_noise(generator, count, size, size / 1.5)).clamp_min(0.02)
    x, y = plane(size, generator.device)
    moved_x = x - per_image(uniform(generator, count, -0.7, 0.7) * size)
    moved_y = y - per_image(uniform(generator, count, -0.7, 0.7) * size)
    radius = (moved_x**2 + moved_y**2).sqrt() / size
    ring = torch.exp(-0.5 * ((radius - per_image(uniform(generator, count, 0.0, 0.8))) / 0.2) ** 2)
    weight = per_image((uniform(generator, count, -0.8, 1.0)).clamp_min(0))
    return (1 - weight) * soft + weight * ring


def _mirrored(lamp: Tensor, slope_x: Tensor, slope_y: Tensor, generator: torch.Generator) -> Tensor:
    size = lamp.shape[-1]
    throw = per_image(uniform(generator, len(lamp), 0.1, 0.8) * 2)  # displacement for a slope of 1, in half pictures
    x, y = plane(size, lamp.device)
    at = torch.stack([2 * x / size + throw * slope_x, 2 * y / size + throw * slope_y], dim=-1)
    return F.grid_sample(lamp[:, None], at, padding_mode="reflection", align_corners=False)[:, 0]
