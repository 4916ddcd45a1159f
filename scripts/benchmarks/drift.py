"""False alarms and detections of the watch for drift, over random windows of a folder's pictures."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.image_file import read_image
from training.drift.image_statistics import SCORE, image_statistics
from training.drift.reference import DriftReference
from training.drift.settings import DriftSettings
from training.drift.window import PARTED, DriftWindow
from training.model.detector import Detector
from training.model.model_region import region_for

Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def darker(share: float) -> Change:
    """Return the change of a light that loses this share."""
    return lambda image: np.asarray(np.round(image * (1 - share)), dtype=np.uint8)


def blurred(sigma: float) -> Change:
    """Return the change of a lens out of focus: a Gaussian blur [pixels]."""
    return lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.uint8)


CHANGES: dict[str, Change] = {
    "none": lambda image: image,
    "5 % darker": darker(0.05),
    "10 % darker": darker(0.1),
    "20 % darker": darker(0.2),
    "blurred, sigma 0.5": blurred(0.5),
    "blurred, sigma 1": blurred(1.0),
    "blurred, sigma 2": blurred(2.0),
}


def statistics_of(model: Detector, paths: Sequence[Path], change: Change) -> list[dict[str, float]]:
    """Return the statistics of changed pictures, within the model's region of interest. Raises UserError."""
    found, region = [], region_for(model.provenance, None)[0]
    for path in paths:
        image = change(read_image(path, model.provenance.white_level))
        inside = None if region is None else region.inside(path, image.shape[0], image.shape[1])
        score = model.image_score(model.anomaly_map(image, inside), inside)
        found.append({**image_statistics(image, inside), SCORE: score})
    return found


def share_parted(
    reference: DriftReference,
    rows: Sequence[dict[str, float]],
    settings: DriftSettings,
    windows: int,
    rng: np.random.Generator,
) -> float:
    """Return the share of random windows of the pictures (without repetition) that are reported."""
    parted = 0
    for _ in range(windows):
        window = DriftWindow(reference, settings)
        for number in rng.choice(len(rows), settings.window, replace=False):
            state = window.add(rows[number])
        parted += state.state == PARTED
    return parted / windows
