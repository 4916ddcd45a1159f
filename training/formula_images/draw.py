"""Seeded draws of parameters: one value per image of a batch, or per episode of images."""

import math
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Episodes:
    """``count`` episodes of ``sound + flawed`` pictures each, stored in rounds of one picture per episode.

    Values drawn for an episode vary among its pictures by up to ``jitter`` of their range.
    """

    count: int
    sound: int
    flawed: int
    jitter: float

    @property
    def pictures(self) -> int:
        """The total number of pictures."""
        return self.count * (self.sound + self.flawed)

    def each(self, values: Tensor) -> Tensor:
        """Return values (count,) of episodes as values (pictures,) of their pictures."""
        return values.repeat(self.sound + self.flawed)

    def drawn(self, generator: torch.Generator, low: float, high: float, logarithmic: bool = False) -> Tensor:
        """Return values (pictures,) float32 in [low, high], similar within an episode."""
        place = self.each(uniform(generator, self.count, 0.0, 1.0))
        place = (place + uniform(generator, self.pictures, -self.jitter, self.jitter)).clamp(0.0, 1.0)
        return low * (high / low) ** place if logarithmic else low + (high - low) * place
