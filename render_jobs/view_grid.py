"""The views of a plate: one at its middle, or a grid that covers it."""

from dataclasses import dataclass

import numpy as np

from blender_addon.inspection.camera import OVER_THE_MIDDLE, CameraPose
from blender_addon.job.definition import MIDDLE, Job
from blender_addon.job.job_error import JobError


@dataclass(frozen=True)
class View:
    """A view's name in samples.csv and the camera's nominal pose."""

    name: str
    pose: CameraPose


def plan_views(job: Job) -> tuple[View, ...]:
    """Return the views of each plate: 'middle', or 'r1c1' (top left) to 'r<rows>c<columns>', row by row.

    A grid is spaced evenly, so that its outermost fields end at the plate's edges. Raises JobError if neighbouring
    fields overlap by less than grid.overlap of their size.
    """
    if job.views == MIDDLE:
        return (View(MIDDLE, OVER_THE_MIDDLE),)
    if job.grid is None:
        raise JobError(f'job {job.name!r}: views is "grid", but the key grid is missing')
    grid, camera = job.grid, job.camera
    field_height = camera.field_width * job.image.height / job.image.width
    xs = _along("columns", grid.columns, job.plate.width, camera.field_width, grid.overlap)
    ys = _along("rows", grid.rows, job.plate.height, field_height, grid.overlap)
    return tuple(
        View(f"r{row}c{column}", CameraPose(float(x), float(-y)))
        for row, y in enumerate(ys, start=1)
        for column, x in enumerate(xs, start=1)
    )


def _along(name: str, count: int, extent: float, field: float, least_overlap: float) -> np.ndarray:
    """Return the middles of `count` fields along an extent, in metres."""
    outermost = (extent - field) / 2
    if count == 1:
        overlap = 0.0 if outermost <= 0 else -1.0
        middles = np.zeros(1)
    else:
        middles = np.linspace(-outermost, outermost, count)
        overlap = 1 - 2 * outermost / (count - 1) / field
    if overlap < (least_overlap if count > 1 else 0.0):
        raise JobError(
            f"grid.{name} = {count}: fields of {field:.4g} m do not cover {extent:g} m with an overlap of "
            f"{least_overlap:g}; take more {name} or a shorter focal length"
        )
    return middles
