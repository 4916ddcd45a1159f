"""A strip of an image's patch features."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.features.patch_grid import Axis


class PatchStrip(NamedTuple):
    """Patch features (n, w, C) float32 of n rows of an image, from row ``first`` on.

    ``rows`` and ``columns`` are the centres of all of the image's patches, in pixels of the image as given.
    """

    features: NDArray[np.float32]
    first: int
    rows: Axis
    columns: Axis
