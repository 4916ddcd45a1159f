"""Both networks in one: the image, restored if wanted, and the logits of the defect map."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.defect_map.blocks import LargeKernelBlock, initialised
from training.defect_map.prediction import PredictionNetwork
from training.defect_map.reconstruction import Autoencoder
from training.defect_map.settings import ArchitectureSettings

_MIDDLE, _SCALE = 0.5, 0.25


class Outputs(NamedTuple):
    """Restored pixels (B, 3, H, W) in about 0..1, None without a reconstruction; logits (B, 1, H, W)."""

    restored: Tensor | None
    logits: Tensor


class DefectMapNetwork(nn.Module):
    """The reconstruction network, if there is one, and the prediction network that compares."""

    def __init__(self, settings: ArchitectureSettings, generator: torch.Generator) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):  # torch's constructors draw from its global generator
            self.autoencoder = Autoencoder(settings.reconstruction_channels) if settings.reconstruction else None
            channels_in = 6 if settings.reconstruction else 3
            self.predictor = PredictionNetwork(channels_in, settings.prediction_channels, settings.kernels)
        initialised(self, generator)
        self.stride = settings.stride
        """Sides of the input must be multiples of this."""
        self.reach = self.predictor.reach + (self.autoencoder.reach if self.autoencoder is not None else 0)
        """Greatest distance of an input pixel that an output depends on [pixels]."""

    def forward(self, pixels: Tensor) -> Outputs:
        """Return the outputs for RGB pixels (B, 3, H, W) in 0..1."""
        seen = ((pixels - _MIDDLE) / _SCALE).contiguous(memory_format=torch.channels_last)
        if self.autoencoder is None:
            return Outputs(None, self.predictor(seen))
        restored = self.autoencoder(seen)
        return Outputs(restored * _SCALE + _MIDDLE, self.predictor(torch.cat([seen, restored], 1)))

    def merge(self) -> None:
        """Merge the branches of large kernels, for inference in evaluation mode; outputs stay equal up to rounding."""
        for part in self.modules():
            if isinstance(part, LargeKernelBlock):
                part.merge()


def normalised(pixels: Tensor) -> Tensor:
    """Return pixels in 0..1 as the networks see them."""
    return (pixels - _MIDDLE) / _SCALE
