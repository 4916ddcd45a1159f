"""COCO's representation of masks: run lengths by column (pycocotools)."""

from typing import Any

import numpy as np
import pycocotools.mask  # type: ignore[import-untyped]
from numpy.typing import NDArray


def run_lengths(pixels: NDArray[np.bool_]) -> dict[str, Any]:
    """Return a mask (H, W) as COCO's compressed RLE: {"size": [H, W], "counts": text}."""
    return _run_lengths(pixels, 0, 0, (pixels.shape[0], pixels.shape[1]))


def annotation(annotation_id: int, image_id: int, category_id: int, pixels: NDArray[np.bool_]) -> dict[str, Any]:
    """Return one object of a COCO file: its RLE, area in pixels and box [left, top, width, height].

    ``pixels`` (H, W) must contain at least one true pixel.
    """
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    top, left, bottom, right = (int(place) for place in (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1))
    size = (pixels.shape[0], pixels.shape[1])
    return annotation_in_box(annotation_id, image_id, category_id, pixels[top:bottom, left:right], left, top, size)


def annotation_in_box(
    annotation_id: int,
    image_id: int,
    category_id: int,
    pixels: NDArray[np.bool_],
    left: int,
    top: int,
    size: tuple[int, int],
) -> dict[str, Any]:
    """Return the same for an object's box (h, w) whose first pixel is (top, left) of an image (H, W).

    The cost depends on the box, not on the image.
    """
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": category_id,
        "segmentation": _run_lengths(pixels, left, top, size),
        "area": int(pixels.sum()),
        "bbox": [left, top, pixels.shape[1], pixels.shape[0]],
        "iscrowd": 0,
    }


def _run_lengths(pixels: NDArray[np.bool_], left: int, top: int, size: tuple[int, int]) -> dict[str, Any]:
    height, width = size
    columns, rows = np.nonzero(pixels.T)
    places = (columns + left) * height + rows + top  # ascending in COCO's order: down the columns
    breaks = np.flatnonzero(np.diff(places) > 1)
    starts = places[np.concatenate([[0], breaks + 1])] if len(places) else places
    ends = places[np.concatenate([breaks, [len(places) - 1]])] + 1 if len(places) else places
    edges = np.concatenate([[0], np.stack([starts, ends], axis=1).ravel(), [height * width]])
    counts = np.diff(edges).tolist()
    if counts[-1] == 0:
        del counts[-1]  # like pycocotools: no empty run at the end
    encoded = pycocotools.mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
    return {"size": [height, width], "counts": encoded["counts"].decode("ascii")}
