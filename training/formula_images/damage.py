"""Flaws on a surface: scratches, dents and bumps, cracks, stains, and patches of another surface."""

import torch
from torch import Tensor

from training.formula_images.draw import chance, log_uniform, per_image, uniform
from training.formula_images.formulas import colours
from training.formula_images.noise import plane, power_noise, turned

SOUND, SCRATCH, RELIEF, CRACK, STAIN, FOREIGN = range(6)
KINDS = 6
"""Number of kinds, including the sound surface."""


class Damage:
    """The changes that a batch's flaws make: height (B, H, W), RGB colour (B, 3, H, W) and ``kind`` (B, H, W) int64."""

    def __init__(self, height: Tensor, colour: Tensor) -> None:
        self.height = height
        self.colour = colour
        self.kind = torch.zeros_like(height, dtype=torch.int64)

    def add(self, kind: int, where: Tensor, height: Tensor | float, shade: Tensor | float) -> None:
        """Add one flaw per image.

        ``where`` (B, H, W) bool is its extent. The other maps (B, H, W) are added to the height and, times the colour,
        to the colour.
        """
        self.height = self.height + height
        if isinstance(shade, Tensor):
            self.colour = self.colour * (1 + shade[:, None])
        self.kind = torch.where(where, kind, self.kind)


def damaged(
    height: Tensor, colour: Tensor, other: tuple[Tensor, Tensor], share: float, generator: torch.Generator
) -> Damage:
    """Return the surface of height (B, H, W) and colour (B, 3, H, W) with flaws.

    Each kind occurs in an image with the probability ``share``. ``other`` is the height and colour of the surface that
    foreign patches show.
    """
    count, size = len(height), height.shape[-1]
    result = Damage(height, colour)
    for strike in (_foreign(*other), _stain, _relief, _relief, _scratch, _scratch, _crack):
        strike(result, chance(generator, count, share), generator, size)
    return result


def _foreign(height: Tensor, colour: Tensor):  # type: ignore[no-untyped-def]
    def strike(damage: Damage, hit: Tensor, generator: torch.Generator, size: int) -> None:
        where = _blob(generator, len(hit), size, 0.04, 0.5) & per_image(hit)
        damage.colour = torch.where(where[:, None], colour, damage.colour)
        damage.add(FOREIGN, where, where * (height - damage.height), 0.0)

    return strike


def _stain(damage: Damage, hit: Tensor, generator: torch.Generator, size: int) -> None:
    where = _blob(generator, len(hit), size, 0.04, 0.5) & per_image(hit)
    change = per_image(uniform(generator, len(hit), -0.6, 0.5))
    tint = colours(len(hit), 0.4, generator)[:, :, None, None]
    damage.colour = torch.where(where[:, None], damage.colour * tint, damage.colour)
    damage.add(STAIN, where, 0.0, where * change)


def _relief(damage: Damage, hit: Tensor, generator: torch.Generator, size: int) -> None:
    x, y = _moved(generator, len(hit), size)
    along, across = turned(x, y, uniform(generator, len(hit), 0.0, torch.pi))
    radius = per_image(log_uniform(generator, len(hit), 0.015, 0.12) * size)
    distance = (along**2 + (across * per_image(uniform(generator, len(hit), 1.0, 2.5))) ** 2).sqrt() / radius
    profile = torch.where(
        per_image(chance(generator, len(hit), 0.5)), torch.exp(-2 * distance**2), torch.sigmoid((1 - distance) * 8)
    )
    depth = per_image(uniform(generator, len(hit), -1.0, 1.0)) * radius
    damage.add(RELIEF, (distance < 1) & per_image(hit), per_image(hit) * depth * profile, 0.0)


def _scratch(damage: Damage, hit: Tensor, generator: torch.Generator, size: int) -> None:
    along, across = _curve(generator, len(hit), size, bend=0.6)
    half = per_image(log_uniform(generator, len(hit), 0.6, 3.0))
    length = per_image(log_uniform(generator, len(hit), 0.1, 0.8) * size / 2)
    ends = torch.sigmoid((length - along.abs()) / 2)
    distance = across.abs() / half
    profile = ends * (torch.exp(-0.5 * (2 * (distance - 1.6)) ** 2) * 0.3 - torch.exp(-0.5 * (1.5 * distance) ** 2))
    deep = per_image(uniform(generator, len(hit), 0.5, 3.0) * hit)
    dark = per_image(uniform(generator, len(hit), -0.5, 0.5) * hit) * ends * torch.exp(-0.5 * distance**2)
    damage.add(SCRATCH, (distance < 1.2) & (along.abs() < length) & per_image(hit), deep * half * profile, dark)


def _crack(damage: Damage, hit: Tensor, generator: torch.Generator, size: int) -> None:
    along, across = _curve(generator, len(hit), size, bend=0.3)
    ragged = power_noise(generator, size, 1.2 + torch.zeros_like(hit, dtype=torch.float32))
    distance = (across + per_image(uniform(generator, len(hit), 1.0, 6.0)) * ragged).abs()
    half = per_image(log_uniform(generator, len(hit), 0.5, 1.8))
    length = per_image(log_uniform(generator, len(hit), 0.15, 0.8) * size / 2)
    where = (distance < half + 0.3) & (along.abs() < length) & per_image(hit)
    dark = per_image(uniform(generator, len(hit), -0.95, -0.4))
    damage.add(CRACK, where, 0.0, where * dark * torch.exp(-0.5 * (distance / half) ** 2))


def _moved(generator: torch.Generator, count: int, size: int) -> tuple[Tensor, Tensor]:
    x, y = plane(size, generator.device)
    place = (
        per_image(uniform(generator, count, -0.45, 0.45) * size),
        per_image(uniform(generator, count, -0.45, 0.45) * size),
    )
    return x - place[0], y - place[1]


def _curve(generator: torch.Generator, count: int, size: int, bend: float) -> tuple[Tensor, Tensor]:
    """Return coordinates along and across a parabola at a random place [pixels]."""
    x, y = _moved(generator, count, size)
    along, across = turned(x, y, uniform(generator, count, 0.0, torch.pi))
    return along, across - per_image(uniform(generator, count, -bend, bend) / size) * along**2


def _blob(generator: torch.Generator, count: int, size: int, low: float, high: float) -> Tensor:
    """Return a rounded, irregular area (count, size, size) with a radius of ``low``..``high`` of the picture."""
    x, y = _moved(generator, count, size)
    wobble = power_noise(generator, size, torch.full((count,), 1.8, device=generator.device))
    radius = per_image(log_uniform(generator, count, low, high) * size)
    return (x**2 + y**2).sqrt() < radius * (1 + 0.25 * wobble)
