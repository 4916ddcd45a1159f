"""Outlines of products before a background: boxes with rounded corners, discs and rings, some with a hole."""

from typing import NamedTuple

import torch
from torch import Tensor

from training.formula_images.draw import Episodes, chance, per_image, uniform
from training.formula_images.noise import plane, turned


class Silhouettes(NamedTuple):
    """``product`` (B, H, W) bool is true on the product; ``shadow`` (B, H, W) in 0..1 is the factor of its shadow."""

    product: Tensor
    shadow: Tensor


def silhouettes(episodes: Episodes, size: int, generator: torch.Generator) -> Silhouettes:
    """Return one outline per episode, moved and turned from picture to picture.

    The angle changes little in half of the episodes, arbitrarily in the others.
    """
    count = episodes.count

    def shape(low: float, high: float) -> Tensor:
        return per_image(episodes.each(uniform(generator, count, low, high)))

    any_angle = episodes.each(chance(generator, count, 0.5))
    turn = episodes.each(uniform(generator, count, 0.0, torch.pi))
    turn = turn + torch.where(any_angle, torch.pi, 0.08) * uniform(generator, episodes.pictures, -1.0, 1.0)
    moves = [episodes.drawn(generator, -0.45, 0.45) for _ in range(2)]
    half = shape(0.12, 0.6), shape(0.12, 0.6)
    corner = shape(0.0, 1.0) ** 3
    hole = shape(0.0, 0.15) * per_image(episodes.each(chance(generator, count, 0.5)))
    hole_at = shape(-0.5, 0.5)
    x, y = (coordinate / size for coordinate in plane(size, generator.device))

    def outside(shift_x: Tensor | float, shift_y: Tensor | float) -> Tensor:
        along, across = turned(x - per_image(moves[0]) - shift_x, y - per_image(moves[1]) - shift_y, turn)
        drilled = hole - ((along - hole_at * half[0]) ** 2 + across**2).sqrt()
        return torch.maximum(beyond_box(along, across, half, corner * torch.minimum(*half)), drilled)

    product = outside(0.0, 0.0) < 0
    cast = outside(shape(-0.15, 0.15), shape(-0.15, 0.15)) / shape(0.005, 0.1)
    dark = shape(-0.5, 0.8).clamp_min(0) * torch.sigmoid(-cast)
    return Silhouettes(product, torch.where(product, 1.0, 1 - dark))


def beyond_box(along: Tensor, across: Tensor, half: tuple[Tensor, Tensor], radius: Tensor) -> Tensor:
    """Return the signed distance of points to a box around the origin; negative inside.

    The box has half sides ``half`` and corners of ``radius``. All values have the same unit and broadcast.
    """
    over = along.abs() - half[0] + radius, across.abs() - half[1] + radius
    corners = (over[0].clamp_min(0) ** 2 + over[1].clamp_min(0) ** 2).sqrt()
    return corners + torch.maximum(*over).clamp_max(0) - radius
