"""A batch of pictures and the ground truth of each pixel: the formula, the flaw, the slopes and the brightness.

They form episodes, like images of one product: some show the sound surface only, the others may have flaws.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from training.formula_images.camera import photographed
from training.formula_images.damage import damaged
from training.formula_images.draw import Episodes, chance, log_uniform, per_image, uniform
from training.formula_images.formulas import Formulas
from training.formula_images.lighting import lit
from training.formula_images.noise import power_noise, smooth_noise
from training.formula_images.silhouette import silhouettes
from training.formula_images.textures import height_fields

LEAST_FLAWED_RELIEF = 0.3
"""The smallest visible height of a flaw, for flat surfaces."""


class Chances(NamedTuple):
    """Probabilities (0..1) of what an episode shows.

    ``mixed``: two surfaces that meet along irregular borders. ``outlined``: otherwise, a product before a background;
    the sum of both is at most 1. ``flawed``: each kind of flaw in a picture. ``same_light``: the same lamps for all
    pictures of an episode.
    """

    mixed: float
    outlined: float
    flawed: float
    same_light: float


class Pictures(NamedTuple):
    """RGB ``pixels`` (B, 3, H, W) in 0..1 and their ground truth.

    ``formula`` (B, H, W) int64; ``flaw`` (B, H, W) int64 (damage.KINDS); ``fields`` (B, 3, H, W): the height's slopes
    along x and y, and the brightness. Of E episodes, pictures e, E + e, 2 E + e ... belong to episode e, sound ones
    first.
    """

    pixels: Tensor
    formula: Tensor
    flaw: Tensor
    fields: Tensor


class _Surfaces(NamedTuple):
    """The surfaces before flaws, light and camera.

    ``height`` (B, H, W), ``colour`` (B, 3, H, W), ``relief`` and ``metal`` (B, H, W), and the ``formula`` (B, H, W) of
    each pixel.
    """

    height: Tensor
    colour: Tensor
    relief: Tensor
    metal: Tensor
    formula: Tensor


def draw_pictures(
    formulas: Formulas, episodes: Episodes, size: int, chances: Chances, generator: torch.Generator
) -> Pictures:
    """Return ``episodes.pictures`` pictures of ``size`` x ``size`` pixels.

    The first ``episodes.sound`` of an episode have no flaws.
    """
    count = episodes.count
    shown = torch.randint(len(formulas.families), (2, count), generator=generator, device=generator.device)
    is_second, shadow = _second_surface(episodes, size, chances, generator)
    surfaces = _surfaces(formulas, shown, episodes, is_second, generator)
    whole = episodes.sound * count
    exposed = surfaces.height[whole:], surfaces.colour[whole:]
    foreign = exposed[0].roll(1, 0), exposed[1].roll(1, 0)
    damage = damaged(*exposed, foreign, chances.flawed, generator)
    height, colour = (
        torch.cat([surfaces.height[:whole], damage.height]),
        torch.cat([surfaces.colour[:whole], damage.colour]),
    )
    kind = torch.cat([torch.zeros_like(height[:whole], dtype=torch.int64), damage.kind])
    relief = surfaces.relief * per_image(episodes.drawn(generator, 0.6, 1.6, logarithmic=True))
    relief = torch.where(kind > 0, relief.clamp_min(LEAST_FLAWED_RELIEF), relief)
    light = _lit(episodes, height, relief, surfaces.metal, chances.same_light, generator)
    uneven = per_image(episodes.each(uniform(generator, count, -0.2, 0.5).clamp_min(0)))
    light = light * shadow * torch.exp(uneven * smooth_noise(generator, len(light), size, size / 1.2))
    slope_y, slope_x = torch.gradient(height, dim=(1, 2))
    fields = torch.stack([slope_x, slope_y, colour.mean(1)], 1)
    pixels = photographed(light[:, None] * colour.clamp_min(0), episodes, generator)
    return Pictures(pixels, surfaces.formula, kind, fields)


def _second_surface(
    episodes: Episodes, size: int, chances: Chances, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a mask (B, H, W) of the pictures' second surface, and the shadow's factor (B, H, W) in 0..1."""
    place = uniform(generator, episodes.count, 0.0, 1.0)
    mixed = per_image(episodes.each(place < chances.mixed))
    outlined = per_image(episodes.each((place >= chances.mixed) & (place < chances.mixed + chances.outlined)))
    slope = torch.full((episodes.pictures,), 2.0, device=generator.device)
    irregular = power_noise(generator, size, slope) > 0
    outline = silhouettes(episodes, size, generator)
    where = (mixed & irregular) | (outlined & ~outline.product)
    return where, torch.where(outlined, outline.shadow, 1.0)


def _surfaces(
    formulas: Formulas, shown: Tensor, episodes: Episodes, is_second: Tensor, generator: torch.Generator
) -> _Surfaces:
    """Return the two surfaces ``shown`` (2, count) of each episode in one, the second in the mask ``is_second``."""
    first, second = (formulas.of(episodes.each(index)) for index in shown)

    def joined(values: Tensor, beyond: Tensor) -> Tensor:
        return torch.where(is_second, per_image(beyond), per_image(values))

    size = is_second.shape[-1]
    height = height_fields(first.families, first.numbers, generator, size)
    meets = is_second.flatten(1).any(1).nonzero()[:, 0]
    if len(meets):
        beside = torch.zeros_like(height)
        beside[meets] = height_fields(second.families[meets], second.numbers[meets], generator, size)
        height = torch.where(is_second, beside, height)
    colour = torch.where(is_second[:, None], second.colour[:, :, None, None], first.colour[:, :, None, None])
    bright = [episodes.each(log_uniform(generator, episodes.count, 0.3, 1.0)) for _ in range(2)]
    printed = 1 + 0.35 * joined(first.paint, second.paint) * torch.tanh(height)
    return _Surfaces(
        height,
        colour * (joined(*bright) * printed)[:, None],
        joined(first.relief, second.relief),
        joined(first.metal, second.metal),
        joined(*(episodes.each(index) for index in shown)),
    )


def _lit(
    episodes: Episodes, height: Tensor, relief: Tensor, metal: Tensor, same_light: float, generator: torch.Generator
) -> Tensor:
    if not chance(generator, 1, same_light):
        return lit(height, relief, metal, generator)
    seed = int(torch.randint(2**40, (1,), generator=generator, device=generator.device))
    rounds = []
    for number in range(episodes.sound + episodes.flawed):
        part = slice(number * episodes.count, (number + 1) * episodes.count)
        again = torch.Generator(generator.device).manual_seed(seed)
        rounds.append(lit(height[part], relief[part], metal[part], again))
    return torch.cat(rounds)
