"""The prediction network: a U-Net whose encoder has large kernels or plain convolutions."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.defect_map.blocks import LargeKernelBlock, doubled, halved, two_convolutions


class PredictionNetwork(nn.Module):
    """A U-Net (Ronneberger et al., 2015) that gives the logit of an anomaly for each pixel.

    ``kernels`` are those of the encoder's levels below the first; none makes a plain U-Net.
    """

    def __init__(self, channels_in: int, channels: Sequence[int], kernels: Sequence[int]) -> None:
        super().__init__()
        before = [channels_in, *channels]
        levels = [two_convolutions(before[0], before[1])]
        for number in range(1, len(channels)):
            pair = before[number], before[number + 1]
            levels.append(
                LargeKernelBlock(*pair, kernels[number - 1]) if kernels else two_convolutions(*pair)  # type: ignore[arg-type]
            )
        self.down = nn.ModuleList(levels)
        self.up = nn.ModuleList(
            two_convolutions(channels[n] + channels[n - 1], channels[n - 1]) for n in range(len(channels) - 1, 0, -1)
        )
        self.last = nn.Conv2d(channels[0], 1, 1)
        depth = len(channels) - 1
        reaches = [2] + [1 + kernel // 2 for kernel in kernels] if kernels else [2] * (depth + 1)
        down = sum(reach * 2**n for n, reach in enumerate(reaches)) + sum(2**n for n in range(depth))
        self.reach = down + sum(2 * 2**n + 2**n for n in range(depth))
        """Greatest distance of an input pixel that an output depends on [pixels]."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, 1, H, W) for an input (B, C, H, W) whose sides are multiples of 2^(levels - 1)."""
        kept = []
        for number, level in enumerate(self.down):
            x = level(halved(x) if number else x)
            kept.append(x)
        for level, beside in zip(self.up, kept[-2::-1], strict=True):
            x = level(torch.cat([doubled(x), beside], 1))
        logits: Tensor = self.last(x)
        return logits
