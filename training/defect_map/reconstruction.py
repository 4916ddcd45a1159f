"""The reconstruction network: an autoencoder that restores what an anomaly covers."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from training.defect_map.blocks import doubled, halved, two_convolutions


class Encoder(nn.Module):
    """Two convolutions at each level; the size halves between the levels."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        before = [3, *channels]
        self.levels = nn.ModuleList(two_convolutions(a, b) for a, b in zip(before, channels, strict=False))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features of all levels for normalised pixels (B, 3, H, W)."""
        found = []
        for number, level in enumerate(self.levels):
            x = level(halved(x) if number else x)
            found.append(x)
        return found


class Autoencoder(nn.Module):
    """An encoder and a decoder without connections beside the lowest level, so that an anomaly cannot pass."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.encoder = Encoder(channels)
        upwards = list(channels[::-1])
        self.decoder = nn.ModuleList(two_convolutions(a, b) for a, b in pairwise(upwards))
        self.last = nn.Conv2d(channels[0], 3, 3, padding=1)
        levels = len(channels) - 1
        below = sum(2 * 2**n for n in range(levels + 1)) + sum(2**n for n in range(levels))
        self.reach = below + sum(2 * 2**n + 2**n for n in range(levels)) + 1
        """Greatest distance of an input pixel that an output depends on [pixels]."""

    def forward(self, x: Tensor) -> Tensor:
        """Return restored pixels (B, 3, H, W), in the range of the input, for normalised pixels (B, 3, H, W)."""
        x = self.encoder(x)[-1]
        for level in self.decoder:
            x = level(doubled(x))
        restored: Tensor = self.last(x)
        return restored
