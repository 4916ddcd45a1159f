"""The samples of a job: every parameter of every picture, determined by the job's seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from blender_addon.definitions.random_stream import (
    LENS_STREAM,
    LIGHT_STREAM,
    NOISE_STREAM,
    PLACEMENT_STREAM,
    stream,
)
from blender_addon.inspection.lens import LensParams, draw_lens_params
from blender_addon.inspection.placement import displaced, draw_placement_params
from blender_addon.inspection.ring_light import RingLightParams, draw_ring_light_params
from blender_addon.inspection.scene import InspectionScene
from blender_addon.job.definition import EXACT, Job, job_of
from blender_addon.job.job_error import JobError
from blender_addon.plate.surface import InspectedSurface

from .surface_plan import plan_surface
from .view_grid import View, plan_views

SIDES = ("front", "back")


@dataclass(frozen=True)
class PlannedSample:
    """One picture to be rendered; `noise_key` seeds the sensor's noise."""

    sample_id: str
    split: str
    plate_id: str
    light: str
    view: str
    finish: str
    scene: InspectionScene
    lens: LensParams
    noise_key: tuple[int, ...]
    has_twin: bool = False
    """True: the same plate is also rendered clean."""
    is_visibility_exact: bool = False
    """True: the visibility is measured by pictures of the same plate without blemishes."""
    minimum_visibility: float = 0.0
    """Instances of lower visibility are ignored."""


def plan_samples(document: Mapping[str, Any]) -> list[PlannedSample]:
    """Return the samples of a valid job document, ordered by split, plate, side and view.

    Raises JobError if parameters contradict each other, such as stains larger than their cells or views with gaps.
    """
    job = job_of(document)
    views = plan_views(job)
    samples: list[PlannedSample] = []
    plate = job.first_plate
    for split in job.splits:
        for _ in range(split.plates):
            light = draw_ring_light_params(stream(job.seeds.light, LIGHT_STREAM, plate), job.light.ranges)
            for side in range(split.sides):
                try:
                    surface = plan_surface(job, split, plate, side)
                except ValueError as error:
                    raise JobError(f"job {job.name!r}, plate {plate}: {error}") from error
                side_name = f"{SIDES[side]}-" if split.sides > 1 else ""
                for number, view in enumerate(views, start=1):
                    sample_id = f"{len(samples):06d}"
                    place = (plate, side * len(views) + number)
                    samples.append(_plan_sample(job, split.name, sample_id, view, side_name, place, light, surface))
            plate += 1
    return samples


def drawn_by(renderer: str, samples: list[PlannedSample]) -> list[PlannedSample]:
    """Return the samples with `renderer`, NODES or OSL, in place of the job's choice."""
    return [replace(each, scene=replace(each.scene, stain_renderer=renderer)) for each in samples]


def _plan_sample(
    job: Job,
    split: str,
    sample_id: str,
    view: View,
    side_name: str,
    place: tuple[int, int],
    light: RingLightParams,
    surface: InspectedSurface,
) -> PlannedSample:
    """Plan one picture; `place` is the plate and the number of the view on it, from 1."""
    seed = job.seeds.camera
    placement = draw_placement_params(stream(seed, PLACEMENT_STREAM, *place), job.placement)
    pose = displaced(view.pose, placement)
    return PlannedSample(
        sample_id=sample_id,
        split=split,
        plate_id=f"{job.seeds.texture}-{place[0]:04d}",
        light=job.light.name,
        view=side_name + view.name,
        finish=job.finish,
        scene=InspectionScene(job.image.picture, job.plate, job.camera, light, surface, pose, job.stain_renderer),
        lens=draw_lens_params(stream(seed, LENS_STREAM, *place), job.lens),
        noise_key=(seed, NOISE_STREAM, *place),
        has_twin=job.triplets and not surface.is_clean(),
        is_visibility_exact=job.visibility == EXACT and not surface.is_clean(),
        minimum_visibility=job.labels.minimum_visibility,
    )
