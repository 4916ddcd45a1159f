"""Findings: the connected regions of predicted pixels in an image (paper, appendix C: small ones may be left out)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Finding:
    """One region: its number in the label image, area in pixels, box [left, top, width, height], and highest score."""

    number: int
    area: int
    box: tuple[int, int, int, int]
    score: float


def without_small(predicted: NDArray[np.bool_], minimum_size: int) -> NDArray[np.bool_]:
    """Return a prediction (H, W) without its 8-connected regions of fewer than minimum_size pixels."""
    if minimum_size <= 1:
        return predicted
    labels, areas = _regions(predicted)
    kept = areas >= minimum_size
    kept[0] = False
    return np.asarray(kept[labels])


def find_findings(
    anomaly_map: NDArray[np.float32],
    threshold: float,
    minimum_size: int,
    inside: NDArray[np.bool_] | None = None,
) -> tuple[list[Finding], NDArray[np.int32]]:
    """Return the 8-connected regions of the map (H, W) >= threshold, and the image of their numbers, 0 for none.

    Regions of fewer than ``minimum_size`` pixels are left out, and pixels outside a region of interest ``inside``
    (H, W). Numbers count from 1, from the top down.
    """
    predicted = anomaly_map >= threshold
    labels, areas = _regions(without_small(predicted if inside is None else predicted & inside, minimum_size))
    highest = np.zeros(len(areas), np.float32)
    inside = labels > 0
    np.maximum.at(highest, labels[inside], anomaly_map[inside])
    found = []
    for number, (rows, columns) in enumerate(_boxes(labels, len(areas)), start=1):
        box = (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        found.append(Finding(number, int(areas[number]), box, float(highest[number])))
    return found, labels


def _regions(predicted: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    count, labels = cv2.connectedComponents(predicted.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return np.asarray(labels, np.int32), np.bincount(labels.ravel(), minlength=count)


def _boxes(labels: NDArray[np.int32], count: int) -> list[tuple[slice, slice]]:
    """Return the slices (rows, columns) of every region 1 ... count - 1."""
    rows, columns = np.nonzero(labels)
    of = labels[rows, columns]
    low, high = (np.full((2, count), limit) for limit in (np.iinfo(np.int64).max, -1))
    for axis, places in enumerate((rows, columns)):
        np.minimum.at(low[axis], of, places)
        np.maximum.at(high[axis], of, places)
    ends = [[(int(low[a, k]), int(high[a, k]) + 1) for a in (0, 1)] for k in range(1, count)]
    return [(slice(*rows), slice(*columns)) for rows, columns in ends]
