"""Measured centres of a layer's features in the image.

The arithmetic of strides and padding gives the middle of a feature's receptive field. Trained weights respond
elsewhere: ResNet-18's by 3 pixels at stride 8 and 8 at stride 16, weights from TensorFlow under torch's padding by 9.
The measurement plants squares on noise pictures and compares the patch distances of each layer with the squares'
places.
"""

import math
from statistics import fmean
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, fx

from training.features.receptive_field import strides_of
from training.support.user_error import UserError

ROUNDING = 0.5
"""Resolution of the centres [pixels]; rounding makes two machines agree."""
_CELLS = (
    ((1, 1), (4, 4), (16, 16)),
    ((8, 8), (32, 32)),
    ((1, 32), (16, 16), (1, 1)),
    ((32, 1), (16, 16), (1, 1)),
    ((1, 48), (48, 48)),
    ((48, 1), (48, 48)),
)
"""Cell sizes (rows, columns) [pixels] of the noise of each texture: mixed, coarse, grooves along each axis.

The centre of a feature's response differs by 1 to 2 pixels among textures, so the mean over several is used.
"""
_NOMINAL, _PLANTED = 4, 12
"""Number of nominal pictures, and of pictures with a square, per texture: standard error 0.1 px at stride 8, 0.2 at 16.
"""
_SQUARE = 16
_STEP = 0.3
"""Brightness that a square adds or subtracts."""
_MEMBERS = 512
_SEED = 20
_SIDE_IN_STRIDES = 12
"""Side of a picture in strides of the coarsest layer."""


class _Pictures(NamedTuple):
    """Nominal pictures, pictures without and with a square (each (N, 3, S, S) in 0..1), and centres (N, 2) [pixels]."""

    nominal: Tensor
    plain: Tensor
    planted: Tensor
    places: Tensor


def measured_centres(backbone: fx.GraphModule, mean: Tensor, std: Tensor) -> list[tuple[float, float]]:
    """Return the centre (y, x) [pixels] of feature (0, 0) of each map of ``backbone``.

    It is extrapolated from features in the middle of noise pictures. ``mean`` and ``std`` (1, 3, 1, 1) normalise RGB in
    0..1. For each layer and picture, the centroid of the distance to nominal features that a square adds is compared
    with the square's centre. The result is the mean over textures and over bright and dark squares. Raises UserError
    for features that are not finite.
    """
    strides = strides_of(backbone)
    side = max(192, _SIDE_IN_STRIDES * max(strides))
    generator = torch.Generator().manual_seed(_SEED)
    offsets: list[list[Tensor]] = [[] for _ in strides]
    for cells in _CELLS:
        pictures = _drawn(cells, side, generator)
        with torch.inference_mode():
            nominal, plain, planted = (list(backbone(_normalised(part, mean, std)).values()) for part in pictures[:3])
            for layer, stride in enumerate(strides):
                added = _distances(planted[layer], nominal[layer]) - _distances(plain[layer], nominal[layer])
                offsets[layer].append(pictures.places - stride * _centroids(added.clamp_min(0).cpu().double()))
    means = [torch.cat(of_layer).mean(0).tolist() for of_layer in offsets]
    if not all(math.isfinite(value) for mean in means for value in mean):
        raise UserError("the extractor gives features that are not finite; check its weights")
    rows, columns = ([mean[axis] for mean in means] for axis in (0, 1))
    return list(zip(_in_step(rows, strides), _in_step(columns, strides), strict=True))


def _drawn(cells: tuple[tuple[int, int], ...], side: int, generator: torch.Generator) -> _Pictures:
    """Return grey noise pictures of one texture; half of the squares are brighter than their surroundings."""
    count = _NOMINAL + _PLANTED
    total = torch.zeros(count, 1, side, side)
    for rows, columns in cells:
        coarse = torch.randn(count, 1, side // rows + 3, side // columns + 3, generator=generator)
        size = (coarse.shape[2] * rows, coarse.shape[3] * columns)
        fine = F.interpolate(coarse, size, mode="bilinear", align_corners=False)
        total += fine[:, :, rows : rows + side, columns : columns + side]
    pictures = (0.5 + 0.12 * total / len(cells) ** 0.5).expand(-1, 3, -1, -1)
    plain = pictures[_NOMINAL:]
    spread = side // _SIDE_IN_STRIDES  # squares lie at any offset from the grid of the coarsest layer
    least = side // 2 - spread - _SQUARE // 2
    corners = torch.randint(least, least + 2 * spread, (_PLANTED, 2), generator=generator)
    planted = plain.clone()
    for number, (top, left) in enumerate(corners.tolist()):
        planted[number, :, top : top + _SQUARE, left : left + _SQUARE] += _STEP if number % 2 else -_STEP
    nominal, plain, planted = (part.clamp(0, 1) for part in (pictures[:_NOMINAL], plain, planted))
    return _Pictures(nominal, plain, planted, corners.double() + _SQUARE / 2)


def _distances(features: Tensor, nominal: Tensor) -> Tensor:
    """Return the distances (N, h, w) of features (N, C, h, w) to the nearest of about _MEMBERS nominal ones."""
    members = nominal.permute(0, 2, 3, 1).flatten(0, 2)
    members = members[:: max(1, len(members) // _MEMBERS)]
    rows = features.permute(0, 2, 3, 1)
    return torch.stack([torch.cdist(picture.flatten(0, 1), members).min(1).values for picture in rows]).view(
        rows.shape[:3]
    )


def _centroids(added: Tensor) -> Tensor:
    """Return the centroids (N, 2), in features, of maps (N, h, w) >= 0."""
    share = added / added.sum((1, 2), keepdim=True).clamp_min(1e-12)
    rows, columns = (torch.arange(length, dtype=torch.float64) for length in added.shape[1:])
    return torch.stack([share.sum(2) @ rows, share.sum(1) @ columns], 1)


def _normalised(pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    normal = (pixels.to(mean.device) - mean) / std
    return normal.contiguous(memory_format=torch.channels_last)


def _in_step(measured: list[float], strides: list[int]) -> list[float]:
    """Return the layers' centres along one axis [pixels], rounded.

    If all layers are displaced from the middle of their cells by the same distance, to within an eighth of the stride,
    the mean distance is used for all. Corners of coarse cells are then corners of fine ones, and features of even
    kernels coincide there without interpolation, which keeps thin flaws sharp. Otherwise each layer keeps its measured
    centre.
    """
    shifts = [centre - stride / 2 for centre, stride in zip(measured, strides, strict=True)]
    shift = fmean(shifts)
    if all(abs(own - shift) <= stride / 8 for own, stride in zip(shifts, strides, strict=True)):
        return [stride / 2 + _rounded(shift) for stride in strides]
    return [_rounded(centre) for centre in measured]


def _rounded(centre: float) -> float:
    return round(centre / ROUNDING) * ROUNDING
