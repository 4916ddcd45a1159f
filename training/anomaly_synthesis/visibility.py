"""The rule for labels: a label only where the change is visible. A change that cannot be seen is taken back."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.anomaly_synthesis.settings import VisibilitySettings

_WINDOW = (5, 5)


def visible_change(
    before: NDArray[np.uint8], after: NDArray[np.uint8], settings: VisibilitySettings
) -> NDArray[np.bool_]:
    """Return the pixels (H, W) where the change between two images (H, W, 3) can be seen.

    The change is the mean over 5 x 5 pixels of the largest difference of a channel [grey levels]. It must reach
    ``levels``, and ``contrast`` times the deviation of the image before within the same window, because texture hides
    changes. Regions of fewer than ``least_pixels`` do not count. A pixel that did not change is never visible.
    """
    difference = cv2.absdiff(before, after).max(axis=2)
    seen = cv2.blur(difference.astype(np.float32), _WINDOW)
    needed = np.maximum(np.float32(settings.levels), np.float32(settings.contrast) * _local_deviation(before))
    visible = (seen >= needed) & (difference > 0)
    if settings.least_pixels > 1 and visible.any():
        _, labels, stats, _ = cv2.connectedComponentsWithStats(visible.astype(np.uint8), connectivity=8)
        kept = stats[:, cv2.CC_STAT_AREA] >= settings.least_pixels
        kept[0] = False
        visible = kept[labels]
    return np.asarray(visible)


def _local_deviation(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean, square = cv2.blur(grey, _WINDOW), cv2.blur(grey * grey, _WINDOW)
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)))
