"""The formulas that a pretraining distinguishes: a family and eight numbers each, from one seed."""

from typing import NamedTuple

import torch
from torch import Tensor

from training.formula_images.draw import chance, uniform
from training.formula_images.textures import FAMILIES, NUMBERS


class Formulas(NamedTuple):
    """Families (N,) int64, numbers (N, 8) float32 in 0..1, and their appearance under light.

    ``relief`` (N,) 0..1, ``metal`` (N,) 0..1 (the share of light that is mirrored, not scattered), ``paint`` (N,) 0..1
    (how far brightness follows the height field, as in a print), ``colour`` (N, 3) RGB reflectance, mean 1 each, many
    grey.
    """

    families: Tensor
    numbers: Tensor
    relief: Tensor
    metal: Tensor
    paint: Tensor
    colour: Tensor

    def of(self, index: Tensor) -> "Formulas":
        """Return the formulas of an index (B,)."""
        return Formulas(*(values[index] for values in self))


def draw_formulas(count: int, seed: int, device: torch.device) -> Formulas:
    """Return ``count`` formulas, families in turn; the same on every device."""
    generator = torch.Generator().manual_seed(seed)
    families = torch.arange(count) % len(FAMILIES)
    numbers = torch.rand(count, NUMBERS, generator=generator)
    looks = torch.rand(3, count, generator=generator)
    paint = torch.where(looks[2] < 0.6, 0.0, looks[2])
    values = (families, numbers, looks[0] ** 2, looks[1], paint, colours(count, 0.4, generator))
    return Formulas(*(value.to(device) for value in values))


def colours(count: int, grey: float, generator: torch.Generator) -> Tensor:
    """Return RGB colours (count, 3) >= 0, grey with the probability ``grey``.

    Each has mean 1; a draw of almost black stays darker.
    """
    channels = torch.rand(count, 3, generator=generator, device=generator.device)
    saturation = torch.where(chance(generator, count, grey), 0.0, uniform(generator, count, 0.05, 0.9))[:, None]
    return 1 - saturation + saturation * channels / channels.mean(1, keepdim=True).clamp_min(0.05)
