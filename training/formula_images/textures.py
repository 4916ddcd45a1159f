"""Families of procedural surfaces: height fields and brightness patterns from a formula's numbers.

A formula is a family and eight numbers in 0..1. Two pictures of one formula share its statistics, not its pixels.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from training.formula_images.draw import per_image, uniform
from training.formula_images.noise import band_noise, plane, power_noise, smooth_noise, standardised, turned

NUMBERS = 8
"""Number of parameters (0..1) of a formula."""

_CELLS = 32
_LEAVES = 40
Texture = Callable[[Tensor, torch.Generator, int], Tensor]


def brushed(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return grooves along one direction, with a band of widths, slightly wavy."""
    stretch = _between(numbers[:, 1], 8.0, 80.0)
    fine = band_noise(
        generator, size, _between(numbers[:, 2], 0.06, 0.4), 0.4 + numbers[:, 3], _angle(numbers), stretch
    )
    coarse = band_noise(
        generator, size, _between(numbers[:, 4], 0.01, 0.06), 0.5 + 0 * stretch, _angle(numbers), stretch
    )
    return standardised(fine + per_image(numbers[:, 5]) * coarse)


def milled(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return arcs of a cutter's feed: a profile of the radius, with a slow beat and some noise."""
    x, y = plane(size, generator.device)
    along, across = turned(x, y, _angle(numbers))
    radius = per_image(_between(numbers[:, 1], 0.8, 8.0) * size)
    distance = ((along - radius) ** 2 + across**2).sqrt()
    phase = distance / per_image(_between(numbers[:, 2], 3.0, 24.0)) + 0.05 * smooth_noise(
        generator, len(numbers), size, size / 2
    )
    phase = phase + per_image(uniform(generator, len(numbers), 0.0, 1.0))
    sharp = per_image(1 + 3 * numbers[:, 3])
    profile = (0.5 + 0.5 * torch.cos(2 * torch.pi * phase)) ** sharp
    beat = torch.cos(2 * torch.pi * phase / per_image((2 + 6 * numbers[:, 4]).round()))
    grain = power_noise(generator, size, 0.3 + numbers[:, 5])
    return standardised(standardised(profile) + 0.4 * beat + per_image(0.4 * numbers[:, 6]) * grain)


def sandblasted(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return isotropic grain with more pits than peaks, or the reverse."""
    ones = torch.ones_like(numbers[:, 0])
    grain = band_noise(generator, size, _between(numbers[:, 1], 0.04, 0.4), 0.3 + 0.7 * numbers[:, 2], 0 * ones, ones)
    skew = per_image(3 * numbers[:, 3] - 1.5)
    return standardised(torch.expm1(skew * grain.clamp(-3, 3)) / torch.where(skew.abs() < 0.05, 0.05, skew))


def fractal(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return fractal noise, plain or terraced."""
    field = power_noise(generator, size, 0.5 + 1.6 * numbers[:, 1])
    steps = per_image((2 + 6 * numbers[:, 2]).round())
    return torch.where(per_image(numbers[:, 3]) < 0.6, field, standardised((field * steps).round() / steps))


def ridged(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return ridges or cracks: octaves of folded noise."""
    ones = torch.ones_like(numbers[:, 0])
    first = _between(numbers[:, 1], 0.01, 0.08)
    total = torch.zeros(len(numbers), size, size, device=generator.device)
    for octave in range(3):
        stretch = 1 + 5 * numbers[:, 2] ** 3
        noise = band_noise(generator, size, first * 2**octave, 0.35 * ones, _angle(numbers), stretch)
        total = total + per_image((0.3 + 0.5 * numbers[:, 3]) ** octave) * noise.abs()
    return standardised(torch.where(per_image(numbers[:, 4]) < 0.5, total, -total))


def cellular(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return cells about random points: domes, walls between them, or facets of random height."""
    x, y = plane(size, generator.device)
    count = len(numbers)
    period = per_image(_between(numbers[:, 1], 0.1, 0.6) * size)
    side = period * _CELLS**0.5  # the points repeat with this period, so that small cells fill the whole picture
    first = torch.full((count, size, size), torch.inf, device=generator.device)
    second, facets = first.clone(), first.clone()
    for _ in range(_CELLS):
        place = torch.rand(2, count, generator=generator, device=generator.device)
        height = per_image(torch.randn(count, generator=generator, device=generator.device))
        across, along = x / side - per_image(place[0]), y / side - per_image(place[1])
        distance = ((across - across.round()) ** 2 + (along - along.round()) ** 2).sqrt() * _CELLS**0.5
        second = torch.minimum(second, torch.maximum(first, distance))
        facets = torch.where(distance < first, height, facets)
        first = torch.minimum(first, distance)
    walls = (second - first).clamp_max(per_image(0.05 + 0.3 * numbers[:, 2]))
    kind = per_image(numbers[:, 3])
    return standardised(torch.where(kind < 0.35, -first, torch.where(kind < 0.7, walls, facets)))


def dead_leaves(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return overlapping discs or boxes of power-law size, each of one height."""
    x, y = plane(size, generator.device)
    count = len(numbers)
    field = torch.zeros(count, size, size, device=generator.device)
    smallest = _between(numbers[:, 1], 0.02, 0.08) * size
    for _ in range(_LEAVES):
        place = torch.rand(3, count, generator=generator, device=generator.device)
        radius = smallest * (0.04 + place[2]).pow(-0.7)
        along, across = turned(
            x - per_image((place[0] - 0.5) * size), y - per_image((place[1] - 0.5) * size), _angle(numbers)
        )
        box = torch.maximum(along.abs(), across.abs() * per_image(1 + 3 * numbers[:, 3]))
        disc = (along**2 + across**2).sqrt()
        inside = torch.where(per_image(numbers[:, 2]) < 0.5, disc, box) < per_image(radius)
        height = per_image(torch.randn(count, generator=generator, device=generator.device))
        field = torch.where(inside, height, field)
    return standardised(field)


def marbled(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return stripes bent by noise: grating, fingerprint, wood."""
    x, y = plane(size, generator.device)
    along, _ = turned(x, y, _angle(numbers))
    bend = smooth_noise(generator, len(numbers), size, size / 3)
    phase = along / per_image(_between(numbers[:, 1], 4.0, 32.0)) + per_image(1.5 * numbers[:, 2] ** 2) * bend
    phase = phase + per_image(uniform(generator, len(numbers), 0.0, 1.0))
    wave = torch.sin(2 * torch.pi * phase)
    sharp = per_image(0.3 + 1.5 * numbers[:, 3])
    return standardised(wave.sign() * wave.abs() ** sharp)


def woven(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return two crossing gratings: tiles, mesh, knurling, weave."""
    x, y = plane(size, generator.device)
    jitter = 0.05 * smooth_noise(generator, len(numbers), size, size / 2)
    shift = torch.rand(2, len(numbers), generator=generator, device=generator.device)
    along, across = turned(x, y, _angle(numbers))
    period = per_image(_between(numbers[:, 1], 5.0, 40.0))
    first = torch.sin(2 * torch.pi * (along / period + jitter + per_image(shift[0])))
    second = torch.sin(
        2 * torch.pi * (across / period * per_image(0.6 + 0.8 * numbers[:, 2]) + jitter + per_image(shift[1]))
    )
    kind = per_image(numbers[:, 3])
    mixed = torch.where(
        kind < 0.4, torch.maximum(first, second), torch.where(kind < 0.7, first * second, first.sign() * second)
    )
    return standardised(mixed)


def pored(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return an almost even ground with sparse pores or grains."""
    ones = torch.ones_like(numbers[:, 0])
    noise = band_noise(
        generator, size, _between(numbers[:, 1], 0.03, 0.2), 0.3 * ones, _angle(numbers), 1 + 4 * numbers[:, 2] ** 2
    )
    pores = (noise - per_image(1.0 + 1.2 * numbers[:, 3])).clamp_min(0)
    ground = power_noise(generator, size, 0.2 + numbers[:, 4])
    sign = torch.where(per_image(numbers[:, 5]) < 0.5, -1.0, 1.0)
    return standardised(sign * 4 * pores + 0.3 * ground)


def cross_hatched(numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return grooves along two directions, as from honing or grinding twice."""
    stretch = _between(numbers[:, 1], 6.0, 40.0)
    frequency = _between(numbers[:, 2], 0.05, 0.35)
    second = _angle(numbers) + 0.3 + 2.4 * numbers[:, 3]
    field = band_noise(generator, size, frequency, 0.6 + 0 * stretch, _angle(numbers), stretch)
    other = band_noise(generator, size, frequency, 0.6 + 0 * stretch, second, stretch)
    return standardised(torch.minimum(field, other))


FAMILIES: tuple[Texture, ...] = (
    brushed,
    milled,
    sandblasted,
    fractal,
    ridged,
    cellular,
    dead_leaves,
    marbled,
    woven,
    pored,
    cross_hatched,
)


def height_fields(families: Tensor, numbers: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Return height fields (B, size, size), mean 0 and deviation 1.

    They belong to formulas of families (B,) int64 and numbers (B, 8) in 0..1.
    """
    fields = torch.empty(len(families), size, size, device=generator.device)
    for index, family in enumerate(FAMILIES):
        chosen = (families == index).nonzero()[:, 0]
        if len(chosen):
            fields[chosen] = family(numbers[chosen], generator, size)
    return fields


def _between(number: Tensor, low: float, high: float) -> Tensor:
    return low * (high / low) ** number


def _angle(numbers: Tensor) -> Tensor:
    return torch.pi * numbers[:, 0]
