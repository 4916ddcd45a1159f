"""What lies on one side of a plate, drawn from a job's seeds and nothing else.

A plate of the same texture seed is the same plate in every job.
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
from blender_addon.milled_metal import draw_milled_metal_params
from blender_addon.sandblasted_metal import draw_sandblasted_metal_params
from blender_addon.scratch import draw_scratch_params
from blender_addon.stain_shading import StainShadingParams, draw_stain_shading_params
from blender_addon.sticker import draw_sticker_params
from blender_addon.water_stain import draw_water_stain_params

from .random_stream import (
    BUMP_STREAM,
    DENT_STREAM,
    FINGERPRINT_STREAM,
    SCRATCH_STREAM,
    SHADING_STREAM,
    SIDE_STEP,
    STAIN_STREAM,
    STICKER_STREAM,
    TEXTURE_STREAM,
    stream,
)

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
    its ranges' key in a job, its seed (that of defects or of impurities) and stream, and what draws one.
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


def plan_surface(job: dict[str, Any], split: dict[str, Any], plate: int, side: int) -> InspectedSurface:
    """Draw a plate's side: 0 is the front, 1 the back, which has a texture and defects of its own, no impurities.

    Raises ValueError where drawn parameters contradict each other (stains larger than their cells).
    """
    seeds, step = job["seeds"], side * SIDE_STEP
    ranges, draw_metal = FINISHES[job.get("finish", BRUSHED)]
    stain = None
    if split["water_stains"] and side == 0:
        stain = draw_water_stain_params(stream(seeds["impurity"], STAIN_STREAM, plate), job["water_stain"])
    return InspectedSurface(
        metal=draw_metal(stream(seeds["texture"], TEXTURE_STREAM + step, plate), job.get(ranges, {})),
        water_stain=stain,
        stain_shading=_draw_shading(job, plate),
        **{
            thing.field: _draw_things(job, split, thing, plate, step)
            for thing in THINGS
            if side == 0 or thing.seed == "defect"
        },
    )


def _draw_shading(job: dict[str, Any], plate: int) -> StainShadingParams:
    rng = stream(job["seeds"]["impurity"], SHADING_STREAM, plate)
    return draw_stain_shading_params(rng, job.get("stain_shading", {}))


def _draw_things(job: dict[str, Any], split: dict[str, Any], thing: Thing, plate: int, step: int) -> tuple[Any, ...]:
    key = (job["seeds"][thing.seed], thing.stream + step, plate)
    count = _draw_count(stream(*key), split.get(thing.field, NONE))
    return tuple(thing.draw(stream(*key, number + 1), job.get(thing.ranges, {})) for number in range(count))


def _draw_count(rng: np.random.Generator, least_and_most: Sequence[int]) -> int:
    least, most = least_and_most
    return int(rng.integers(least, most, endpoint=True))
