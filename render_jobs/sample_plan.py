"""From a job to its samples: every parameter of every picture, drawn from the job's seeds and nothing else.

Each drawn thing has a stream of its own, keyed by (seed, stream, plate, number), so that leaving the stains out, or
adding a scratch, changes nothing else; a plate of the same texture seed is the same plate in every job.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from blender_addon.brushed_metal import draw_brushed_metal_params
from blender_addon.bump import draw_bump_params
from blender_addon.dent import draw_dent_params
from blender_addon.fingerprint import draw_fingerprint_params
from blender_addon.inspected_surface import InspectedSurface, MetalParams
from blender_addon.inspection_camera import CameraParams
from blender_addon.inspection_scene import InspectionScene, PictureParams
from blender_addon.milled_metal import draw_milled_metal_params
from blender_addon.plate import PlateParams
from blender_addon.ring_light import draw_ring_light_params
from blender_addon.sandblasted_metal import draw_sandblasted_metal_params
from blender_addon.scratch import draw_scratch_params
from blender_addon.sticker import draw_sticker_params
from blender_addon.water_stain import draw_water_stain_params

from .job_error import JobError

VIEW = "middle"
TEXTURE_STREAM, STAIN_STREAM, SCRATCH_STREAM, DENT_STREAM, LIGHT_STREAM = range(5)
BUMP_STREAM, FINGERPRINT_STREAM, STICKER_STREAM = range(5, 8)
NONE = (0, 0)  # least and most of what a split does not name


BRUSHED = "brushed"  # the finish of a job that names none
# A job's finish: its ranges' key in the job and what draws it.
FINISHES: dict[str, tuple[str, Callable[[np.random.Generator, Mapping[str, Any]], MetalParams]]] = {
    BRUSHED: ("brushed_metal", draw_brushed_metal_params),
    "milled": ("milled_metal", draw_milled_metal_params),
    "sandblasted": ("sandblasted_metal", draw_sandblasted_metal_params),
}


@dataclass(frozen=True)
class Thing:
    """A kind of thing of which a plate has several: its field in InspectedSurface and in a job's splits (the counts),
    its ranges' key in a job, its seed and stream, and what draws one.
    """

    field: str
    ranges: str
    seed: str
    stream: int
    draw: Callable[[np.random.Generator, Mapping[str, Any]], Any]


THINGS = (
    Thing("scratches", "scratch", "defect", SCRATCH_STREAM, draw_scratch_params),
    Thing("dents", "dent", "defect", DENT_STREAM, draw_dent_params),
    Thing("bumps", "bump", "defect", BUMP_STREAM, draw_bump_params),
    Thing("fingerprints", "fingerprint", "impurity", FINGERPRINT_STREAM, draw_fingerprint_params),
    Thing("stickers", "sticker", "impurity", STICKER_STREAM, draw_sticker_params),
)


@dataclass(frozen=True)
class PlannedSample:
    """One picture to be rendered."""

    sample_id: str
    split: str
    plate_id: str
    light: str
    view: str
    finish: str
    scene: InspectionScene


def plan_samples(job: dict[str, Any]) -> list[PlannedSample]:
    """Return the job's samples in order, split by split.

    Raises JobError where drawn parameters contradict each other (stains larger than their cells).
    """
    samples: list[PlannedSample] = []
    for split in job["splits"]:
        for _ in range(split["plates"]):
            plate = job["first_plate"] + len(samples)
            samples.append(
                PlannedSample(
                    sample_id=f"{len(samples):06d}",
                    split=split["name"],
                    plate_id=f"{job['seeds']['texture']}-{plate:04d}",
                    light=job["light"]["name"],
                    view=VIEW,
                    finish=job.get("finish", BRUSHED),
                    scene=_plan_scene(job, split, plate),
                )
            )
    return samples


def _plan_scene(job: dict[str, Any], split: dict[str, Any], plate: int) -> InspectionScene:
    seeds = job["seeds"]
    light = {key: value for key, value in job["light"].items() if key != "name"}
    stain_rng = _stream(seeds["impurity"], STAIN_STREAM, plate)
    try:
        stain = draw_water_stain_params(stain_rng, job["water_stain"]) if split["water_stains"] else None
        part = PlateParams(**job["plate"])
    except ValueError as error:
        raise JobError(f"job {job['name']!r}, plate {plate}: {error}") from error
    surface = InspectedSurface(
        metal=_draw_metal(job, plate),
        water_stain=stain,
        **{thing.field: _draw_things(job, split, thing, plate) for thing in THINGS},
    )
    return InspectionScene(
        picture=PictureParams(**job["image"]),
        plate=part,
        camera=CameraParams(**job["camera"]),
        light=draw_ring_light_params(_stream(seeds["light"], LIGHT_STREAM, plate), light),
        surface=surface,
    )


def _draw_metal(job: dict[str, Any], plate: int) -> MetalParams:
    ranges, draw = FINISHES[job.get("finish", BRUSHED)]
    return draw(_stream(job["seeds"]["texture"], TEXTURE_STREAM, plate), job.get(ranges, {}))


def _draw_things(job: dict[str, Any], split: dict[str, Any], thing: Thing, plate: int) -> tuple[Any, ...]:
    seed = job["seeds"][thing.seed]
    count = _draw_count(_stream(seed, thing.stream, plate), split.get(thing.field, NONE))
    streams = [_stream(seed, thing.stream, plate, number + 1) for number in range(count)]
    return tuple(thing.draw(rng, job.get(thing.ranges, {})) for rng in streams)


def _draw_count(rng: np.random.Generator, least_and_most: Sequence[int]) -> int:
    least, most = least_and_most
    return int(rng.integers(least, most, endpoint=True))


def _stream(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
