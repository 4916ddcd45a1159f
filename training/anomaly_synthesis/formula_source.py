"""Anomalies' appearance from the project's procedural textures, in two colours."""

import numpy as np
import torch
from numpy.typing import NDArray

from training.anomaly_synthesis.content import Picture
from training.formula_images.textures import FAMILIES, NUMBERS, height_fields


class FormulaSource:
    """Textures of all families; every seed gives another formula and other colours."""

    def picture(self, seed: int, shape: tuple[int, int], excluded: int | None) -> Picture:  # noqa: ARG002 - Source
        """Return a texture (H, W)."""
        rng = np.random.default_rng(seed)
        size = max(shape)
        families = torch.tensor([int(rng.integers(len(FAMILIES)))])
        numbers = torch.from_numpy(rng.random((1, NUMBERS), dtype=np.float32))
        # torch's CPU generator uses the lower 32 bits only
        generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
        with torch.no_grad():
            height = height_fields(families, numbers, generator, size)[0].numpy()
        return Picture(_coloured(height[: shape[0], : shape[1]], rng))


def _coloured(height: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a picture that goes from one colour to another with the height (mean 0, deviation 1)."""
    steep = np.exp(rng.uniform(np.log(0.5), np.log(3.0)))
    share = 1 / (1 + np.exp(-steep * height[..., None]))
    colours = rng.random((2, 3))
    if rng.random() < 0.3:
        colours = np.repeat(colours[:, :1], 3, axis=1)
    return np.asarray(colours[0] + share * (colours[1] - colours[0]), dtype=np.float32)
