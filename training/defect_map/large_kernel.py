"""Depth-wise convolutions with large kernels (Ding et al., "Scaling up your kernels to 31 x 31", CVPR 2022)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

FFT_FROM = 11
"""Kernel from which the backward pass by FFT is faster on the CPU."""


def depthwise(x: Tensor, weight: Tensor) -> Tensor:
    """Return the depth-wise correlation of x (B, C, H, W) with weight (C, 1, K, K), K odd, zero-padded to equal size.

    On the CPU the forward pass takes the channels last, and large kernels take their gradients by FFT; torch's own
    kernels need many times as long.
    """
    if x.device.type != "cpu":
        return F.conv2d(x, weight, padding=weight.shape[2] // 2, groups=len(weight))
    if weight.shape[2] < FFT_FROM:
        return _channels_last(x, weight)
    result: Tensor = _Depthwise.apply(x, weight)
    return result


class _Depthwise(torch.autograd.Function):
    """The forward pass with channels last and the backward pass by FFT."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _channels_last(x, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        pad = weight.shape[2] // 2
        height, width = x.shape[2:]
        size = [_fast(height + 2 * pad), _fast(width + 2 * pad)]
        spectrum = torch.fft.rfft2(gradient.contiguous(), s=size)
        for_x: Tensor | None = None
        for_weight: Tensor | None = None
        if ctx.needs_input_grad[0]:  # a convolution: products of spectra
            product = spectrum * torch.fft.rfft2(weight[:, 0].contiguous(), s=size)
            for_x = torch.fft.irfft2(product, s=size)[..., pad : pad + height, pad : pad + width]
        if ctx.needs_input_grad[1]:  # a correlation, summed over the batch
            padded = F.pad(x, (pad, pad, pad, pad)).contiguous()
            product = (torch.fft.rfft2(padded, s=size) * spectrum.conj()).sum(0)
            side = weight.shape[2]
            for_weight = torch.fft.irfft2(product, s=size)[:, None, :side, :side]
        return for_x, for_weight


class LargeKernel(nn.Module):
    """A depth-wise convolution of a large and a small kernel side by side, each with its batch norm."""

    def __init__(self, channels: int, kernel: int, small: int = 5) -> None:
        super().__init__()
        self.large = nn.Parameter(torch.empty(channels, 1, kernel, kernel))
        self.small = nn.Parameter(torch.empty(channels, 1, small, small))
        self.large_norm, self.small_norm = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        for weight in (self.large, self.small):
            nn.init.kaiming_uniform_(weight, a=5**0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both branches (B, C, H, W)."""
        summed: Tensor = self.large_norm(depthwise(x, self.large)) + self.small_norm(depthwise(x, self.small))
        return summed

    def merged(self) -> "MergedKernel":
        """Return one convolution that equals this module in evaluation mode."""
        large, large_bias = _folded(self.large, self.large_norm)
        small, small_bias = _folded(self.small, self.small_norm)
        beyond = (self.large.shape[2] - self.small.shape[2]) // 2
        return MergedKernel(large + F.pad(small, (beyond,) * 4), large_bias + small_bias)


class MergedKernel(nn.Module):
    """A depth-wise convolution with a bias."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight.detach()), nn.Parameter(bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution (B, C, H, W)."""
        return depthwise(x, self.weight) + self.bias[:, None, None]


def _channels_last(x: Tensor, weight: Tensor) -> Tensor:
    return F.conv2d(
        x.contiguous(memory_format=torch.channels_last), weight, padding=weight.shape[2] // 2, groups=len(weight)
    )


def _folded(weight: Tensor, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a convolution followed by a batch norm in evaluation mode."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale


def _fast(length: int) -> int:
    """Return the next length that has no prime factor above 5, for which FFTs are fast."""
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1
