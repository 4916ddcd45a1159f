"""Rows of instances.csv: class, area, visibility and the parameters of each instance of a rendered picture."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_addon.blemishes import kinds
from blender_addon.definitions.classes import WATER_STAIN
from blender_addon.inspection.camera import metres_per_pixel
from blender_addon.pictures.masked_picture import Masks

from .sample_plan import PlannedSample
from .visibility import Visibility


@dataclass(frozen=True)
class StainColumns:
    """The columns of a water stain. All other kinds have their parameters, which hold their sizes."""

    stain_id: int
    diameter: float
    """Diameter of the disc with the stain's annotated area [m]; no parameter of Algorithm 1 gives an outline's size."""


def instance_rows(sample: PlannedSample, masks: Masks, visibility: Sequence[Visibility]) -> list[dict[str, Any]]:
    """Return a row for each instance of the masks; `visibility` is in the order of their ids."""
    areas = np.bincount(masks.instances.ravel(), minlength=len(masks.found) + 1)
    names = {label.id: label.name for label in kinds.annotation_classes()}
    pixel = metres_per_pixel(sample.scene.camera, sample.scene.picture.width)
    return [
        {
            "sample_id": sample.sample_id,
            "instance_id": number,
            "class": names[class_id],
            "pixel_area": int(areas[number]),
            **_measured(visibility[number - 1]),
            **_parameters(sample, class_id, key, float(areas[number]) * pixel**2),
        }
        for number, (class_id, key) in enumerate(masks.found, start=1)
    ]


def _measured(visibility: Visibility) -> dict[str, float | None]:
    """Return an instance's columns of visibility; the visible part only where it is known."""
    columns = visibility._asdict()
    if visibility.visible_part is None:
        del columns["visible_part"]
    return columns


def _parameters(sample: PlannedSample, class_id: int, key: int, area: float) -> dict[str, Any]:
    if class_id == WATER_STAIN.id:
        return dataclasses.asdict(StainColumns(key, 2 * math.sqrt(area / math.pi)))
    return dataclasses.asdict(sample.scene.surface.of_class(class_id)[key - 1])
