"""What lies on one side of a plate, drawn from a job's seeds and nothing else.

A plate of the same texture seed is the same plate in every job.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from blender_addon.blemishes.kinds import NONE, THINGS, draw_things
from blender_addon.definitions.random_stream import SHADING_STREAM, SIDE_STEP, STAIN_STREAM, TEXTURE_STREAM, stream
from blender_addon.metals.brushed import draw_brushed_metal_params
from blender_addon.metals.milled import draw_milled_metal_params
from blender_addon.metals.sandblasted import draw_sandblasted_metal_params
from blender_addon.plate.surface import InspectedSurface, MetalParams
from blender_addon.water_stain.params import draw_water_stain_params
from blender_addon.water_stain.shading import StainShadingParams, draw_stain_shading_params

BRUSHED = "brushed"  # the finish of a job that names none
# A job's finish: its ranges' key in the job and what draws it.
FINISHES: dict[str, tuple[str, Callable[[np.random.Generator, Mapping[str, Any]], MetalParams]]] = {
    BRUSHED: ("brushed_metal", draw_brushed_metal_params),
    "milled": ("milled_metal", draw_milled_metal_params),
    "sandblasted": ("sandblasted_metal", draw_sandblasted_metal_params),
}


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
            thing.field: draw_things(
                thing, seeds[thing.seed], plate, side, split.get(thing.field, NONE), job.get(thing.ranges, {})
            )
            for thing in THINGS
            if side == 0 or thing.seed == "defect"
        },
    )


def _draw_shading(job: dict[str, Any], plate: int) -> StainShadingParams:
    rng = stream(job["seeds"]["impurity"], SHADING_STREAM, plate)
    return draw_stain_shading_params(rng, job.get("stain_shading", {}))
