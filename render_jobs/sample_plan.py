"""From a job to its samples: every parameter of every picture, drawn from the job's seeds and nothing else."""

from dataclasses import dataclass
from typing import Any

from blender_addon.definitions.random_stream import LENS_STREAM, LIGHT_STREAM, NOISE_STREAM, PLACEMENT_STREAM, stream
from blender_addon.inspection.camera import CameraParams, CameraPose
from blender_addon.inspection.lens import LensParams, draw_lens_params
from blender_addon.inspection.placement import displaced, draw_placement_params
from blender_addon.inspection.ring_light import RingLightParams, draw_ring_light_params
from blender_addon.inspection.scene import InspectionScene, PictureParams
from blender_addon.job.job_error import JobError
from blender_addon.plate.groups import NODES
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface

from .surface_plan import BRUSHED, plan_surface
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


@dataclass(frozen=True)
class _Hardware:
    """What is the same for a job's pictures."""

    picture: PictureParams
    plate: PlateParams
    camera: CameraParams
    stain_renderer: str


def plan_samples(job: dict[str, Any]) -> list[PlannedSample]:
    """Return the job's samples in order, split by split, plate by plate, side by side, view by view.

    Raises JobError where parameters contradict each other (stains larger than their cells, views that leave gaps).
    """
    try:
        hardware = _Hardware(
            PictureParams(**job["image"]),
            PlateParams(**job["plate"]),
            CameraParams(**job["camera"]),
            job.get("stain_renderer", NODES),
        )
    except ValueError as error:
        raise JobError(f"job {job['name']!r}: {error}") from error
    views = plan_views(job, hardware.camera, hardware.plate)
    samples: list[PlannedSample] = []
    plate = job["first_plate"]
    light_ranges = {key: value for key, value in job["light"].items() if key != "name"}
    for split in job["splits"]:
        for _ in range(split["plates"]):
            light = draw_ring_light_params(stream(job["seeds"]["light"], LIGHT_STREAM, plate), light_ranges)
            for side in range(split.get("sides", 1)):
                try:
                    surface = plan_surface(job, split, plate, side)
                except ValueError as error:
                    raise JobError(f"job {job['name']!r}, plate {plate}: {error}") from error
                for number in range(len(views)):
                    place = (plate, side * len(views) + number + 1)
                    sample_id = f"{len(samples):06d}"
                    side_name = f"{SIDES[side]}-" if split.get("sides", 1) > 1 else ""
                    samples.append(
                        _plan_sample(
                            job, hardware, split["name"], sample_id, views[number], side_name, place, light, surface
                        )
                    )
            plate += 1
    return samples


def _plan_sample(
    job: dict[str, Any],
    hardware: _Hardware,
    split: str,
    sample_id: str,
    view: View,
    side_name: str,
    place: tuple[int, int],
    light: RingLightParams,
    surface: InspectedSurface,
) -> PlannedSample:
    """Plan one picture; `place` is the plate and the view's number on it, from 1."""
    seed = job["seeds"].get("camera", 0)
    placement = draw_placement_params(stream(seed, PLACEMENT_STREAM, *place), job.get("placement", {}))
    pose: CameraPose = displaced(view.pose, placement)
    return PlannedSample(
        sample_id=sample_id,
        split=split,
        plate_id=f"{job['seeds']['texture']}-{place[0]:04d}",
        light=job["light"]["name"],
        view=side_name + view.name,
        finish=job.get("finish", BRUSHED),
        scene=InspectionScene(
            hardware.picture, hardware.plate, hardware.camera, light, surface, pose, hardware.stain_renderer
        ),
        lens=draw_lens_params(stream(seed, LENS_STREAM, *place), job.get("lens", {})),
        noise_key=(seed, NOISE_STREAM, *place),
    )
