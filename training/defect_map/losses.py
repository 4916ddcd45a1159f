"""Losses of a defect map's training. All are means over the pixels that count."""

import torch
import torch.nn.functional as F
from torch import Tensor

_WINDOW, _DEVIATION = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2


def squared_error(restored: Tensor, target: Tensor, counted: Tensor) -> Tensor:
    """Return the mean squared difference of images (B, C, H, W) over counted pixels (B, 1, H, W) bool."""
    square = torch.where(counted, (restored - target).square(), 0.0)
    return square.sum() / (counted.sum() * restored.shape[1]).clamp_min(1)


def dissimilarity(restored: Tensor, target: Tensor, counted: Tensor) -> Tensor:
    """Return 1 - SSIM of images (B, C, H, W) in 0..1 (Wang et al., 2004: Gaussian window of 11 pixels, deviation 1.5).

    The mean is over the windows that lie within the image and hold counted pixels (B, 1, H, W) only.
    """
    channels = restored.shape[1]
    window = gaussian_window(restored)

    def smoothed(image: Tensor) -> Tensor:
        rows = window[None, None, :, None].expand(channels, 1, -1, 1)
        return F.conv2d(F.conv2d(image, rows, groups=channels), rows.transpose(2, 3), groups=channels)

    first, second = (torch.where(counted, image, 0.0) for image in (restored, target))
    mean_1, mean_2 = smoothed(first), smoothed(second)
    variance_1 = smoothed(first * first) - mean_1 * mean_1
    variance_2 = smoothed(second * second) - mean_2 * mean_2
    covariance = smoothed(first * second) - mean_1 * mean_2
    similarity = ((2 * mean_1 * mean_2 + _C1) * (2 * covariance + _C2)) / (
        (mean_1 * mean_1 + mean_2 * mean_2 + _C1) * (variance_1 + variance_2 + _C2)
    )
    whole = F.max_pool2d((~counted).to(restored.dtype), _WINDOW, stride=1) == 0
    return torch.where(whole, 1 - similarity, 0.0).sum() / (whole.sum() * channels).clamp_min(1)


def gaussian_window(like: Tensor) -> Tensor:
    """Return the weights (11,) of the SSIM's window along an axis."""
    offsets = torch.arange(_WINDOW, device=like.device, dtype=like.dtype) - _WINDOW // 2
    weights = torch.exp(-(offsets**2) / (2 * _DEVIATION**2))
    return weights / weights.sum()


def focal_loss(logits: Tensor, label: Tensor, counted: Tensor, gamma: float) -> Tensor:
    """Return the focal loss (Lin et al., 2017) of logits (B, 1, H, W) against labels (B, 1, H, W) of 0 and 1.

    ``-(1 - p)^gamma log p`` of the probability p of the right class; gamma 0 is the cross-entropy.
    """
    signed = torch.where(label > 0, logits, -logits)
    loss = -F.logsigmoid(signed)
    if gamma:
        loss = torch.sigmoid(-signed) ** gamma * loss
    return torch.where(counted, loss, 0.0).sum() / counted.sum().clamp_min(1)
