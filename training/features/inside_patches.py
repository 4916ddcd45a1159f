"""Patches inside a region of interest: those whose centre lies in a pixel that counts."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.features.patch_grid import Axis
from training.support.user_error import UserError


def centres_inside(inside: NDArray[np.bool_], rows: Axis, columns: Axis) -> NDArray[np.bool_]:
    """Return which patches count: bool (rows.count, columns.count); ``inside`` (H, W) says which pixels do.

    A centre beyond the image's border counts as its nearest pixel.
    """
    down, across = (
        np.clip(np.floor(axis.centres()), 0, length - 1).astype(np.int64)
        for axis, length in zip((rows, columns), inside.shape, strict=True)
    )
    return inside[np.ix_(down, across)]


def nearest_inside(inside: NDArray[np.bool_], rows: Axis, columns: Axis) -> NDArray[np.int64]:
    """Return the flat index (h, w) of the patch that stands for each: itself, or for one outside the nearest inside.

    So values at the region's edge are interpolated and blurred among patches inside only. Raises UserError if no
    patch's centre lies inside.
    """
    kept = centres_inside(inside, rows, columns)
    if not kept.any():
        raise UserError("no patch's centre lies inside the region of interest; draw a larger region")
    if kept.all():
        return np.arange(kept.size).reshape(kept.shape)
    _, labels = cv2.distanceTransformWithLabels(
        (~kept).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    patch_of = np.zeros(int(labels.max()) + 1, dtype=np.int64)
    patch_of[labels[kept]] = np.flatnonzero(kept)
    return np.asarray(patch_of[labels], dtype=np.int64)
