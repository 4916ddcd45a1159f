"""Seeded draws of parameters, one value for each image of a batch."""

import math

import torch
from torch import Tensor


def uniform(generator: torch.Generator, count: int, low: float, high: float) -> Tensor:
    """Return ``count`` float32 values in [low, high)."""
    return low + (high - low) * torch.rand(count, generator=generator, device=generator.device)


def log_uniform(generator: torch.Generator, count: int, low: float, high: float) -> Tensor:
    """Return ``count`` float32 values in [low, high), uniform in their logarithm; 0 < low <= high."""
    return uniform(generator, count, math.log(low), math.log(high)).exp()


def chance(generator: torch.Generator, count: int, probability: float) -> Tensor:
    """Return ``count`` booleans that are true with this probability."""
    return torch.rand(count, generator=generator, device=generator.device) < probability


def per_image(values: Tensor) -> Tensor:
    """Return values (B,) as (B, 1, 1), to scale maps (B, H, W)."""
    return values[:, None, None]
