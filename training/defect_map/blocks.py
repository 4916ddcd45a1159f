"""Building blocks of the networks: two convolutions, and the large-kernel block of RepLKNet."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.defect_map.large_kernel import LargeKernel


def two_convolutions(channels_in: int, channels: int) -> nn.Sequential:
    """Return two 3 x 3 convolutions, each with batch norm and ReLU."""
    return nn.Sequential(*_convolution(channels_in, channels), *_convolution(channels, channels))


def _convolution(channels_in: int, channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    ]


class LargeKernelBlock(nn.Module):
    """A 3 x 3 convolution to the wanted channels, then a large depth-wise kernel and a feed-forward part.

    Both parts add to what they get. ``reach`` [pixels of its input] is how far an output sees.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.widen = nn.Sequential(*_convolution(channels_in, channels))
        self.before = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
        )
        self.kernel: nn.Module = LargeKernel(channels, kernel)
        self.after = nn.Sequential(nn.ReLU(), nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))
        self.feed = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.GELU(),
            nn.Conv2d(2 * channels, channels, 1),
        )
        self.reach = 1 + kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """Return features (B, C, H, W)."""
        x = self.widen(x)
        x = x + self.after(self.kernel(self.before(x)))
        fed: Tensor = x + self.feed(x)
        return fed

    def merge(self) -> None:
        """Replace the two branches of the kernel by one convolution."""
        if isinstance(self.kernel, LargeKernel):
            self.kernel = self.kernel.merged()


def doubled(x: Tensor) -> Tensor:
    """Return a map (B, C, H, W) at twice the size, bilinear."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def halved(x: Tensor) -> Tensor:
    """Return the maxima of 2 x 2 cells of a map (B, C, H, W)."""
    return F.max_pool2d(x, 2)


def initialised(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights of convolutions (Kaiming, normal), and set biases to 0 and norms to the identity."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.reset_parameters()
        elif isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu", generator=generator)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, LargeKernel):
            for weight in (part.large, part.small):
                nn.init.kaiming_normal_(weight, nonlinearity="linear", generator=generator)
