"""The auxiliary task of the pretraining: linear read-outs at every cell of the backbone's two maps.

Each map predicts the formula, the flaws, and the local structure of the height field, with one linear layer each.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.formula_images.damage import KINDS
from training.formula_images.pictures import Pictures

STRUCTURE = 3
"""Number of values of the local structure: log energy, cosine and sine of the doubled angle times coherence."""


class Losses(NamedTuple):
    """Mean losses (scalars) of one batch and map."""

    formula: Tensor
    flaw: Tensor
    structure: Tensor


class Head(nn.Module):
    """Linear read-outs of one feature map."""

    def __init__(self, channels: int, formulas: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.linear = nn.Conv2d(channels, formulas + KINDS - 1 + STRUCTURE, 1)
        self.sizes = [formulas, KINDS - 1, STRUCTURE]

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """Return logits of formulas and of flaws, and structures, of features (B, C, h, w)."""
        return self.linear(self.norm(features)).float().split(self.sizes, dim=1)


def losses(outputs: tuple[Tensor, ...], pictures: Pictures) -> Losses:
    """Return the losses of a head's outputs (B, n, h, w).

    Cross entropy of the formula at the cell's centre, binary cross entropy of each flaw in the cell, and smooth L1 of
    the structure.
    """
    formula, flaw, structure = outputs
    stride = pictures.formula.shape[-1] // formula.shape[-1]
    centre = pictures.formula[:, stride // 2 :: stride, stride // 2 :: stride]
    return Losses(
        F.cross_entropy(formula, centre),
        F.binary_cross_entropy_with_logits(flaw, touched(pictures.flaw, stride)),
        F.smooth_l1_loss(structure, structure_of(pictures.fields, stride)),
    )


def touched(flaw: Tensor, stride: int) -> Tensor:
    """Return the share (B, KINDS - 1, h, w) of each cell that a kind of flaw covers, saturating at a quarter."""
    kinds = F.one_hot(flaw, KINDS)[..., 1:].permute(0, 3, 1, 2).float()
    return (4 * F.avg_pool2d(kinds, stride)).clamp_max(1)


def structure_of(fields: Tensor, stride: int) -> Tensor:
    """Return the structure tensor's description (B, STRUCTURE, h, w) of slopes (B, >= 2, H, W)."""
    x, y = fields[:, 0], fields[:, 1]
    xx, yy, xy = F.avg_pool2d(torch.stack([x * x, y * y, x * y], 1), stride).unbind(1)
    energy = xx + yy + 1e-4
    return torch.stack([energy.log() / 2, (xx - yy) / energy, 2 * xy / energy], 1)
