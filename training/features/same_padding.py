"""TensorFlow's ``SAME`` padding for backbones whose weights were trained with it.

At stride 2 ``SAME`` pads an even image below and to the right only; torch's symmetric padding moves every feature by
half a stride. Here features have the positions of even images for any image size, so that tiles and the whole image
agree; TensorFlow itself shifts them by a pixel on odd sizes.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SameConv2d(nn.Conv2d):
    """A strided convolution with ``SAME`` padding: output size ceil(input / stride)."""

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the convolution (B, C, ceil(H / s), ceil(W / s)) of (B, C', H, W)."""
        padded = F.pad(pixels, _sides(self.kernel_size, self.stride))
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class SameMaxPool2d(nn.MaxPool2d):
    """A strided maximum pooling with ``SAME`` padding."""

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the maxima (B, C, ceil(H / s), ceil(W / s)) of (B, C, H, W)."""
        sides = _sides(_pair(self.kernel_size), _pair(self.stride))
        return F.max_pool2d(F.pad(pixels, sides, value=-torch.inf), self.kernel_size, self.stride)


def pad_same(module: nn.Module) -> None:
    """Give every strided convolution and maximum pooling below ``module`` ``SAME`` padding, in place.

    At stride 1 torch's padding and ``SAME`` are equal for odd kernels.
    """
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and max(child.stride) > 1:
            setattr(module, name, _same_convolution(child))
        elif isinstance(child, nn.MaxPool2d) and max(_pair(child.stride)) > 1:
            setattr(module, name, SameMaxPool2d(child.kernel_size, child.stride))
        else:
            pad_same(child)


def _same_convolution(convolution: nn.Conv2d) -> SameConv2d:
    settings: dict[str, Any] = {name: getattr(convolution, name) for name in ("stride", "dilation", "groups")}
    with torch.device("meta"):
        same = SameConv2d(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,  # type: ignore[arg-type]
            bias=convolution.bias is not None,
            **settings,
        )
    same.weight, same.bias = convolution.weight, convolution.bias
    return same


def _sides(kernel: tuple[int, ...], stride: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return the padding left, right, top, bottom; the same for odd sizes, as even sizes leave the last row unused."""
    before = [max(k - s, 0) // 2 for k, s in zip(kernel, stride, strict=True)]
    after = [k - 1 - first for k, first in zip(kernel, before, strict=True)]
    return before[1], after[1], before[0], after[0]


def _pair(length: int | tuple[int, ...]) -> tuple[int, ...]:
    return (length, length) if isinstance(length, int) else length
