"""Alarms of a defect map at the border of nominal images, beside those on the same pixels seen from all sides."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from scripts.training_steps import composed_config
from training.anomaly_synthesis.nominal_images import resized_image
from training.data.dataset import Sample, open_dataset, read_image
from training.data.settings import read_dataset_settings
from training.defect_map.defect_map_model import DefectMapModel
from training.model.load_detector import load_detector
from training.model.settings import ModelOverrides
from training.support.user_error import UserError

CUT, WIDTH = 48, 16
"""Pixels of the resized image: what is cut off every side, and the width of the border that is counted."""


def nominal_test_images(dataset: Sequence[str]) -> list[Sample]:
    """Return the test images without a defect of the dataset that overrides of ``conf/train.yaml`` choose."""
    data = open_dataset(read_dataset_settings(composed_config("train", *dataset).dataset))
    return [sample for sample in data.split("test") if sample.mask is None]


def border_alarms(run: Path, samples: Sequence[Sample]) -> tuple[float, float]:
    """Return the shares of alarms in percent: in the outer pixels of cut images, and on the same pixels uncut.

    Both show the same content, so only the border itself makes a difference. Images that are too small are left out.
    Raises UserError if none is left.
    """
    detector = load_detector(run, ModelOverrides("cpu"))
    assert isinstance(detector, DefectMapModel)
    unresized = DefectMapModel(detector.network, replace(detector.settings, resize=None), torch.device("cpu"))
    alarms: list[tuple[float, float]] = []
    for sample in samples:
        image = resized_image(read_image(sample.image, sample.white_level), detector.settings.resize)
        if min(image.shape[:2]) < 2 * CUT + 4 * WIDTH:
            continue
        inner = np.s_[CUT:-CUT, CUT:-CUT]
        cut, whole = unresized.anomaly_map(np.ascontiguousarray(image[inner])), unresized.anomaly_map(image)[inner]
        outer = np.ones(cut.shape, dtype=np.bool_)
        outer[WIDTH:-WIDTH, WIDTH:-WIDTH] = False
        alarms.append(tuple(float((scores[outer] >= detector.threshold).mean()) for scores in (cut, whole)))  # type: ignore[arg-type]
    if not alarms:
        raise UserError(f"all nominal images are smaller than {2 * CUT + 4 * WIDTH} pixels: borders cannot be measured")
    border, inside = 100 * np.mean(alarms, axis=0)
    return float(border), float(inside)
