"""Colour renderings of decisions (in the paper's colours), masks and anomaly maps.

All pictures are uint8 RGB of shape (H, W, 3), unless a function says otherwise.
"""

from collections.abc import Collection, Iterable

import cv2
import numpy as np
import numpy.typing as npt

from training.data.dataset import DefectClass

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

# Appendix B, figure 4: green true positives, red false positives, blue false negatives.
TRUE_POSITIVE_COLOUR = (0, 190, 60)
FALSE_POSITIVE_COLOUR = (225, 30, 40)
FALSE_NEGATIVE_COLOUR = (30, 90, 255)
IGNORED_COLOUR = (128, 128, 128)
OPACITY = 0.65


def overlay_decision(
    image: Picture,
    predicted: npt.NDArray[np.bool_],
    mask: npt.NDArray[np.uint8],
    defect_ids: Collection[int],
    ignore_id: int,
) -> Picture:
    """Blend TP in green, FP in red and FN in blue over the grey image; ignored pixels are dimmed.

    predicted and mask have shape (H, W).
    """
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB).astype(np.float32)
    for area, colour in _decision_areas(predicted, mask, defect_ids, ignore_id):
        grey[area] = (1 - OPACITY) * grey[area] + OPACITY * np.array(colour, np.float32)
    grey[mask == ignore_id] *= 0.4
    return np.rint(grey).astype(np.uint8)


def decision_layer(
    predicted: npt.NDArray[np.bool_], mask: npt.NDArray[np.uint8], defect_ids: Collection[int], ignore_id: int
) -> Picture:
    """Return the colours of overlay_decision as an RGBA layer, uint8 (H, W, 4); true negatives are transparent."""
    layer = np.zeros((*mask.shape, 4), np.uint8)
    layer[mask == ignore_id] = (0, 0, 0, 153)
    for area, colour in _decision_areas(predicted, mask, defect_ids, ignore_id):
        layer[area] = (*colour, round(255 * OPACITY))
    return layer


def _decision_areas(
    predicted: npt.NDArray[np.bool_], mask: npt.NDArray[np.uint8], defect_ids: Collection[int], ignore_id: int
) -> tuple[tuple[npt.NDArray[np.bool_], Colour], ...]:
    """Return the pixels (H, W) of true positives, false positives and false negatives, each with its colour."""
    defect = np.isin(mask, list(defect_ids))
    return (
        (predicted & defect, TRUE_POSITIVE_COLOUR),
        (predicted & ~defect & (mask != ignore_id), FALSE_POSITIVE_COLOUR),
        (~predicted & defect, FALSE_NEGATIVE_COLOUR),
    )


def colour_classes(mask: npt.NDArray[np.uint8], classes: Iterable[DefectClass], ignore_id: int) -> Picture:
    """Render a mask (H, W) of class ids in the colours of the classes; ignored pixels are mid-grey."""
    table = np.zeros((256, 3), np.uint8)
    for entry in classes:
        table[entry.id] = entry.colour
    table[ignore_id] = IGNORED_COLOUR
    return table[mask]


def colour_anomaly_map(anomaly_map: npt.NDArray[np.float32], threshold: float) -> Picture:
    """Render an anomaly map (H, W) on a scale from 0 to twice the threshold, the same for all images of a model."""
    levels = np.clip(anomaly_map / (2 * threshold) if threshold > 0 else anomaly_map, 0, 1)
    heat = cv2.applyColorMap(np.rint(255 * levels).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return cv2.cvtColor(heat, cv2.COLOR_BGR2RGB)
