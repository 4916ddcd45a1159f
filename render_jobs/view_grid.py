"""The views of a plate: one at its middle, or a grid of them that covers it, as a robot drives it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_addon.inspection.camera import OVER_THE_MIDDLE, CameraParams, CameraPose
from blender_addon.job.job_error import JobError
from blender_addon.plate.mesh import PlateParams

MIDDLE = "middle"


@dataclass(frozen=True)
class View:
    """A view's name in samples.csv and where the camera means to be."""

    name: str
    pose: CameraPose


def plan_views(job: dict[str, Any], camera: CameraParams, plate: PlateParams) -> tuple[View, ...]:
    """Return the views of each plate: 'middle', or 'r1c1' (left, above) to 'r<rows>c<columns>', row by row.

    A grid is spread evenly so that its outermost fields end at the plate's edges. Raises JobError where fields that
    meet overlap less than grid.overlap of their size.
    """
    if job.get("views", MIDDLE) == MIDDLE:
        return (View(MIDDLE, OVER_THE_MIDDLE),)
    if "grid" not in job:
        raise JobError(f'job {job["name"]!r}: views is "grid", but the key grid is missing')
    grid, image = job["grid"], job["image"]
    field_height = camera.field_width * image["height"] / image["width"]
    xs = _along("columns", grid["columns"], plate.width, camera.field_width, grid["overlap"])
    ys = _along("rows", grid["rows"], plate.height, field_height, grid["overlap"])
    return tuple(
        View(f"r{row}c{column}", CameraPose(float(x), float(-y)))
        for row, y in enumerate(ys, start=1)
        for column, x in enumerate(xs, start=1)
    )


def _along(name: str, count: int, extent: float, field: float, least_overlap: float) -> np.ndarray:
    """Middles of `count` fields along an extent [m]."""
    reach = (extent - field) / 2
    if count == 1:
        overlap = 0.0 if reach <= 0 else -1.0
        middles = np.zeros(1)
    else:
        middles = np.linspace(-reach, reach, count)
        overlap = 1 - 2 * reach / (count - 1) / field
    if overlap < (least_overlap if count > 1 else 0.0):
        raise JobError(
            f"grid.{name} = {count}: fields of {field:.4g} m do not cover {extent:g} m with an overlap of "
            f"{least_overlap:g}; take more {name} or a shorter focal length"
        )
    return middles
