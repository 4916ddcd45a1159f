"""Anomalies' appearance from the project's procedural textures, in two colours."""

import numpy as np
import torch
from numpy.typing import NDArray

from training.anomaly_synthesis.content import Picture
from training.formula_images.textures import FAMILIES, NUMBERS, height_fields

FORMULAS = 330
"""Number of formulas; drawing a height field takes longer than a training step's other work on it."""


class FormulaSource:
    """Textures of ``FORMULAS`` formulas, families in turn; each picture is moved, mirrored and coloured anew.

    ``seed`` draws the formulas. Height fields are kept: 22 MB for crops of 128 pixels.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._kept: dict[tuple[int, int], NDArray[np.float32]] = {}

    def picture(self, seed: int, shape: tuple[int, int], excluded: int | None) -> Picture:  # noqa: ARG002 - Source
        """Return a texture (H, W)."""
        rng = np.random.default_rng(seed)
        size = max(shape)
        height = self._height(int(rng.integers(FORMULAS)), size)
        height = np.rot90(height, int(rng.integers(4)))
        if rng.random() < 0.5:
            height = height[:, ::-1]
        height = np.roll(height, tuple(rng.integers(0, size, 2)), (0, 1))
        return Picture(coloured(height[: shape[0], : shape[1]], rng))

    def _height(self, number: int, size: int) -> NDArray[np.float32]:
        if (number, size) not in self._kept:
            rng = np.random.default_rng([self._seed, number])
            numbers = torch.from_numpy(rng.random((1, NUMBERS), dtype=np.float32))
            # torch's CPU generator uses the lower 32 bits only
            generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
            with torch.no_grad():
                field = height_fields(torch.tensor([number % len(FAMILIES)]), numbers, generator, size)
            self._kept[number, size] = field[0].numpy()
        return self._kept[number, size]


def coloured(height: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a picture (H, W, 3) that goes from one colour to another with the height (mean 0, deviation 1)."""
    steep = np.exp(rng.uniform(np.log(0.5), np.log(3.0)))
    share = 1 / (1 + np.exp(np.float32(-steep) * height[..., None]))
    colours = rng.random((2, 3), dtype=np.float32)
    if rng.random() < 0.3:
        colours = np.repeat(colours[:, :1], 3, axis=1)
    return np.asarray(colours[0] + share * (colours[1] - colours[0]), dtype=np.float32)
