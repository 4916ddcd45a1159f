"""Content of a source: a picture to blend in, or a rendered change with its classes."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Picture:
    """RGB pixels (H, W, 3) float32 in 0..1, and the shape (H, W) that a labelled anomaly has, if known."""

    pixels: NDArray[np.float32]
    shape: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class RenderedChange:
    """The logarithm of the ratio of an altered to a clean rendering (H, W, 3), and the pixels' classes.

    ``defect`` and ``impurity`` (H, W) bool are exact. Elsewhere the logarithm is 0.
    """

    logarithm: NDArray[np.float32]
    defect: NDArray[np.bool_]
    impurity: NDArray[np.bool_]


class Source(Protocol):
    """A source of anomalies' appearance."""

    def picture(self, seed: int, shape: tuple[int, int], excluded: int | None) -> Picture | RenderedChange:
        """Return what the seed selects, for an image (H, W).

        ``excluded`` is the number of the train image that is being changed.
        """
        ...
