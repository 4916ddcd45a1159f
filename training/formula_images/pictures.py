"""A batch of pictures and what is true of each pixel of them: the formula, the flaw, the slopes and the brightness.

They come in episodes, as images of one product do: some show the sound surface alone, the others may be flawed.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from training.formula_images.camera import photographed
from training.formula_images.damage import damaged
from training.formula_images.draw import Episodes, chance, per_image
from training.formula_images.formulas import Formulas
from training.formula_images.lighting import lit
from training.formula_images.noise import power_noise
from training.formula_images.textures import height_fields


class Pictures(NamedTuple):
    """RGB ``pixels`` (B, 3, H, W) in 0..1; ``formula`` (B, H, W) int64; ``flaw`` (B, H, W) int64 (damage.KINDS);
    ``fields`` (B, 3, H, W): the height's slopes along x and y, and the brightness.

    Of E episodes, pictures e, E + e, 2 E + e ... belong to episode e; the sound ones come first.
    """

    pixels: Tensor
    formula: Tensor
    flaw: Tensor
    fields: Tensor


def draw_pictures(
    formulas: Formulas,
    episodes: Episodes,
    size: int,
    mixed: float,
    flawed: float,
    same_light: float,
    generator: torch.Generator,
) -> Pictures:
    """Return ``episodes.pictures`` pictures of ``size`` x ``size`` pixels.

    Those of an episode show one formula or, with the chance ``mixed``, two that meet along irregular borders. Each
    kind of flaw strikes a picture with the chance ``flawed``, but for the first ``episodes.sound`` of an episode. With
    the chance ``same_light`` the lamps do not change within this batch's episodes.
    """
    device = generator.device
    first, second = torch.randint(len(formulas.families), (2, episodes.count), generator=generator, device=device)
    shown, other = formulas.of(episodes.each(first)), formulas.of(episodes.each(second))
    height = height_fields(shown.families, shown.numbers, generator, size)
    meets = episodes.each(chance(generator, episodes.count, mixed)).nonzero()[:, 0]
    is_second = torch.zeros_like(height, dtype=torch.bool)
    beside = torch.zeros_like(height)
    if len(meets):
        beside[meets] = height_fields(other.families[meets], other.numbers[meets], generator, size)
        is_second[meets] = power_noise(generator, size, torch.full((len(meets),), 2.0, device=device)) > 0
    sound = torch.where(is_second, beside, height)
    exposed = sound[episodes.sound * episodes.count :]
    damage = damaged(exposed, exposed.roll(1, 0), flawed, generator)
    whole = len(sound) - len(exposed)
    height = torch.cat([sound[:whole], damage.height])
    printed = 1 + per_image(shown.paint) * 0.35 * torch.tanh(sound)
    brightness = printed * torch.cat([torch.ones_like(sound[:whole]), damage.brightness])
    kind = torch.cat([torch.zeros_like(sound[:whole], dtype=torch.int64), damage.kind])
    relief = shown.relief * episodes.drawn(generator, 0.6, 1.6, logarithmic=True)
    radiance = _lit(episodes, height, brightness, relief, shown.metal, same_light, generator)
    slope_y, slope_x = torch.gradient(height, dim=(1, 2))
    formula = torch.where(is_second, episodes.each(second)[:, None, None], episodes.each(first)[:, None, None])
    fields = torch.stack([slope_x, slope_y, brightness], 1)
    return Pictures(photographed(radiance, episodes, generator), formula, kind, fields)


def _lit(
    episodes: Episodes,
    height: Tensor,
    brightness: Tensor,
    relief: Tensor,
    metal: Tensor,
    same_light: float,
    generator: torch.Generator,
) -> Tensor:
    if not chance(generator, 1, same_light):
        return lit(height, brightness, relief, metal, generator)
    seed = int(torch.randint(2**40, (1,), generator=generator, device=generator.device))
    rounds = []
    for number in range(episodes.sound + episodes.flawed):
        part = slice(number * episodes.count, (number + 1) * episodes.count)
        again = torch.Generator(generator.device).manual_seed(seed)
        rounds.append(lit(height[part], brightness[part], relief[part], metal[part], again))
    return torch.cat(rounds)
