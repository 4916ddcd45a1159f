"""Deep feature consistency: the restored image must have the features of the sound one.

Four ways to get the features: ``copied`` (the encoder's structure, overwritten with the encoder's weights after every
step; gradients reach only the restored image), ``gradient`` (the encoder itself, whose weights get gradients),
``own`` (the frozen extractor of the coreset) and ``none``.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from training.defect_map.network import normalised
from training.defect_map.reconstruction import Encoder
from training.features.extractor import FeatureExtractor

MODES = ("copied", "gradient", "own", "none")


class DeepConsistency:
    """The deep term of the reconstruction's loss."""

    def __init__(self, mode: str, encoder: Encoder, extractor: FeatureExtractor | None) -> None:
        self.mode = mode
        self._encoder = encoder
        self.observer = deepcopy(encoder).eval().requires_grad_(False) if mode == "copied" else None
        """The copy of the encoder, None in other modes."""
        self._extractor = extractor

    def refresh(self) -> None:
        """Overwrite the copy with the encoder's weights and statistics."""
        if self.observer is not None:
            self.observer.load_state_dict(self._encoder.state_dict())

    def loss(self, restored: Tensor, target: Tensor) -> Tensor:
        """Return the mean over the levels of the mean squared difference of the features of images in 0..1."""
        features = self._features()
        with torch.set_grad_enabled(self.mode == "gradient"):
            wanted = features(target)
        return _difference(features(restored), wanted)

    def _features(self) -> Callable[[Tensor], Sequence[Tensor]]:
        if self._extractor is not None:
            extractor = self._extractor
            return lambda pixels: list(extractor.backbone((pixels - extractor.mean) / extractor.std).values())
        network: nn.Module = self._encoder if self.observer is None else self.observer
        return lambda pixels: network(normalised(pixels))


def _difference(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    return torch.stack([(a - b).square().mean() for a, b in zip(found, wanted, strict=True)]).mean()
