"""COCO's way of writing masks down: run lengths, by the column (pycocotools)."""

from typing import Any

import numpy as np
import pycocotools.mask  # type: ignore[import-untyped]
from numpy.typing import NDArray


def run_lengths(pixels: NDArray[np.bool_]) -> dict[str, Any]:
    """Return a mask (H, W) as COCO's compressed RLE: {"size": [H, W], "counts": text}."""
    encoded = pycocotools.mask.encode(np.asfortranarray(pixels, dtype=np.uint8))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}


def annotation(annotation_id: int, image_id: int, category_id: int, pixels: NDArray[np.bool_]) -> dict[str, Any]:
    """Return one object of a COCO file: its RLE, area in pixels and box [left, top, width, height].

    pixels (H, W) must cover something.
    """
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": category_id,
        "segmentation": run_lengths(pixels),
        "area": int(pixels.sum()),
        "bbox": [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1],
        "iscrowd": 0,
    }
