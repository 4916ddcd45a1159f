"""Blending of a source into an image: linear, with feathered edges, by Poisson's equation, or by photometric change."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.anomaly_synthesis.poisson import poisson_blended

KINDS = ("linear", "feathered", "poisson", "photometric")


def blended(
    image: NDArray[np.float32],
    content: NDArray[np.float32],
    mask: NDArray[np.bool_],
    kind: str,
    strength: float,
    feather: float,
) -> NDArray[np.float32]:
    """Return an RGB image (H, W, 3) in 0..1 with ``content`` (H, W, 3) blended in where ``mask`` (H, W) is true.

    ``strength`` 0..1 interpolates linearly between the image and the content. ``feather`` [px] is the deviation of the
    blur of the mask's edges, inwards only, for feathered and photometric blending. No pixel outside the mask changes.
    """
    if kind == "poisson":
        content = poisson_blended(image, content, mask)
    weight = mask.astype(np.float32)
    if kind in ("feathered", "photometric") and feather > 0:
        weight = feathered(mask, feather)
    return np.asarray(np.clip(image + strength * weight[..., None] * (content - image), 0, 1), dtype=np.float32)


def feathered(mask: NDArray[np.bool_], width: float) -> NDArray[np.float32]:
    """Return weights (H, W) in 0..1 that rise smoothly from the edge of a mask inwards, over about ``width`` pixels.

    The image's edge is no edge of the mask.
    """
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    share = np.clip(depth / (width + 1), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)
