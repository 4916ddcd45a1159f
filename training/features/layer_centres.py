"""Where a layer's features lie in the image: measured, since trained weights respond beside the middle of what they see.

The arithmetic of strides and padding gives the middle of what a feature *can* see. Trained weights respond beside it:
ResNet-18's by 3 pixels at stride 8 and 8 at stride 16, weights from TensorFlow under torch's padding by 9. So squares are
planted on noise pictures, and the change of each layer is compared with their place.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, fx

from training.features.receptive_field import strides_of

PLANTED = 64
"""Pictures with a square each: the standard error is about 0.1 px at stride 8 and 0.2 px at stride 16."""
ROUNDING = 0.5
"""Centres are rounded to this [pixels], so that two machines agree."""
_SQUARE = 16
_SEED = 20
_BATCH = 16
"""Pictures that pass at once."""
_SIDE_IN_STRIDES = 12
"""Side of a picture in strides of the coarsest layer."""


def measured_centres(backbone: fx.GraphModule, mean: Tensor, std: Tensor) -> list[tuple[float, float]]:
    """Return the centre (y, x) [pixels] of feature (0, 0) of each map that ``backbone`` gives, extrapolated from
    features in the middle of noise pictures; ``mean`` and ``std`` (1, 3, 1, 1) normalise RGB in 0..1.

    Per layer and picture: the centroid of the change's length over the map, less its median, against the square's
    centre. The median is what squeeze and excitation changes everywhere.
    """
    strides = strides_of(backbone)
    side = max(192, _SIDE_IN_STRIDES * max(strides))
    generator = torch.Generator().manual_seed(_SEED)
    sums = torch.zeros(len(strides), 2, dtype=torch.float64)
    for _ in range(PLANTED // _BATCH):
        plain = _noise(side, generator)
        planted, places = _with_squares(plain, generator)
        with torch.inference_mode():
            before, after = (list(backbone(_normalised(pixels, mean, std)).values()) for pixels in (plain, planted))
        for layer, stride in enumerate(strides):
            change = torch.linalg.vector_norm(after[layer] - before[layer], dim=1).cpu().double()
            sums[layer] += (places - stride * _centroids(change)).sum(0)
    return [(_rounded(y), _rounded(x)) for y, x in (sums / PLANTED).tolist()]


def _noise(side: int, generator: torch.Generator) -> Tensor:
    """Return noise pictures (_BATCH, 3, side, side) in 0..1 of three scales."""
    total = torch.zeros(_BATCH, 3, side, side)
    for cell in (1, 4, 16):
        coarse = torch.randn(_BATCH, 3, side // cell + 3, side // cell + 3, generator=generator)
        fine = F.interpolate(coarse, scale_factor=float(cell), mode="bilinear", align_corners=False)
        total += fine[:, :, cell : cell + side, cell : cell + side]
    return (0.5 + 0.1 * total).clamp(0, 1)


def _with_squares(pictures: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the pictures with a square of one colour near the middle of each, and the squares' centres (N, 2)
    [pixels]."""
    planted = pictures.clone()
    side = pictures.shape[2]
    reach = side // _SIDE_IN_STRIDES  # squares lie anywhere on the grid of the coarsest layer
    corners = torch.randint(
        side // 2 - reach - _SQUARE // 2, side // 2 + reach - _SQUARE // 2, (len(pictures), 2), generator=generator
    )
    colours = torch.rand(len(pictures), 3, 1, 1, generator=generator)
    for picture, (top, left), colour in zip(planted, corners.tolist(), colours, strict=True):
        picture[:, top : top + _SQUARE, left : left + _SQUARE] = colour
    return planted, corners.double() + _SQUARE / 2


def _centroids(change: Tensor) -> Tensor:
    """Return the centroids (N, 2) of maps (N, h, w) >= 0, less each one's median, in features."""
    excess = (change - change.flatten(1).median(dim=1).values[:, None, None]).clamp_min(0)
    share = excess / excess.sum((1, 2), keepdim=True).clamp_min(1e-12)
    rows, columns = (torch.arange(length, dtype=torch.float64) for length in change.shape[1:])
    return torch.stack([share.sum(2) @ rows, share.sum(1) @ columns], 1)


def _normalised(pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    normal = (pixels.to(mean.device) - mean) / std
    return normal.contiguous(memory_format=torch.channels_last)


def _rounded(centre: float) -> float:
    return round(centre / ROUNDING) * ROUNDING
