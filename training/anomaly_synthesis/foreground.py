"""The pixels of a product before an even background, where an image has one."""

import cv2
import numpy as np
from numpy.typing import NDArray

_BORDER = 0.04  # width of the band at the image's edge, as a share of the shorter side
_LEAST_SEPARATION = 0.75  # share of the variance that the two classes must explain
_LEAST_BORDER = 0.8  # share of the band that must be background
_SHARES = (0.05, 0.95)  # a product covers at least and at most this share of the image


def find_foreground(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the pixels (H, W) of the product in an RGB image (H, W, 3); all pixels if no background is found.

    A background has the colour of the image's edge. Otsu's threshold on the distance to that colour separates the
    product. The result counts only if the two classes explain most of the variance of the distances, and the edge is
    mostly background.
    """
    height, width = image.shape[:2]
    everything = np.ones((height, width), dtype=np.bool_)
    band = np.ones((height, width), dtype=np.bool_)
    edge = max(1, round(_BORDER * min(height, width)))
    band[edge:-edge, edge:-edge] = False
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (5, 5), 1.0), cv2.COLOR_RGB2LAB).astype(np.float32)
    distance = np.linalg.norm(lab - np.median(lab[band], axis=0), axis=2)
    levels = np.clip(distance, 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    product = levels > level
    share = product.mean()
    if not _SHARES[0] <= share <= _SHARES[1] or product[band].mean() > 1 - _LEAST_BORDER:
        return everything
    difference = float(levels[product].mean()) - float(levels[~product].mean())
    between = share * (1 - share) * difference**2
    if between < _LEAST_SEPARATION * max(float(levels.var()), 1e-6):
        return everything
    opened = cv2.morphologyEx(product.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(opened > 0)
