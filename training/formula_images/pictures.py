"""A batch of pictures and what is true of each pixel of them: the formula, the flaw, the slopes and the brightness."""

from typing import NamedTuple

import torch
from torch import Tensor

from training.formula_images.camera import photographed
from training.formula_images.damage import damaged
from training.formula_images.draw import chance, log_uniform, per_image
from training.formula_images.formulas import Formulas
from training.formula_images.lighting import lit
from training.formula_images.noise import power_noise
from training.formula_images.textures import height_fields


class Pictures(NamedTuple):
    """RGB ``pixels`` (B, 3, H, W) in 0..1; ``formula`` (B, H, W) int64; ``flaw`` (B, H, W) int64 (damage.KINDS);
    ``fields`` (B, 3, H, W): the height's slopes along x and y, and the brightness.
    """

    pixels: Tensor
    formula: Tensor
    flaw: Tensor
    fields: Tensor


def draw_pictures(
    formulas: Formulas, count: int, size: int, mixed: float, flawed: float, generator: torch.Generator
) -> Pictures:
    """Return ``count`` pictures of ``size`` x ``size`` pixels.

    Each shows one formula or, with the chance ``mixed``, two that meet along an irregular border; each kind of flaw
    strikes with the chance ``flawed``.
    """
    device = generator.device
    index, other = torch.randint(len(formulas.families), (2, count), generator=generator, device=device)
    shown = formulas.of(index)
    height = height_fields(shown.families, shown.numbers, generator, size)
    meets = chance(generator, count, mixed).nonzero()[:, 0]
    second = torch.zeros_like(height, dtype=torch.bool)
    beside = torch.zeros_like(height)
    if len(meets):
        joined = formulas.of(other[meets])
        beside[meets] = height_fields(joined.families, joined.numbers, generator, size)
        second[meets] = power_noise(generator, size, torch.full((len(meets),), 2.0, device=device)) > 0
    height = torch.where(second, beside, height)
    damage = damaged(height, height.roll(1, 0), flawed, generator)
    relief = shown.relief * log_uniform(generator, count, 0.6, 1.6)
    printed = 1 + per_image(shown.paint) * 0.35 * torch.tanh(height)
    brightness = damage.brightness * printed
    radiance = lit(damage.height, brightness, relief, shown.metal, generator)
    slope_y, slope_x = torch.gradient(damage.height, dim=(1, 2))
    formula = torch.where(second, other[:, None, None], index[:, None, None])
    return Pictures(
        photographed(radiance, generator), formula, damage.kind, torch.stack([slope_x, slope_y, brightness], 1)
    )
