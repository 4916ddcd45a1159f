"""The contents of one side of a plate, determined by a job's seeds.

Plates with the same texture seed and number are the same plate in every job.
"""

from typing import Any

from blender_addon.blemishes import kinds
from blender_addon.definitions.classes import DEFECT
from blender_addon.definitions.random_stream import SIDE_STEP, TEXTURE_STREAM, stream
from blender_addon.job.definition import Job, Split
from blender_addon.metals.group import FINISHES
from blender_addon.plate.surface import InspectedSurface

from .stain_plan import PlannedStains, plan_stains


def plan_surface(job: Job, split: Split, plate: int, side: int) -> InspectedSurface:
    """Draw a side of a plate: 0 is the front, 1 the back.

    The back has a texture and defects of its own, and no impurities. Raises ValueError if drawn parameters contradict
    each other, such as stains larger than their cells.
    """
    stains = plan_stains(job, plate) if split.water_stains and side == 0 else PlannedStains()
    metal_stream = stream(job.seeds.texture, TEXTURE_STREAM + side * SIDE_STEP, plate)
    return InspectedSurface(
        metal=FINISHES[job.finish].draw(metal_stream, job.metals[job.finish]),
        water_stain=stains.texture,
        stain_shading=stains.shading,
        stain_preset=stains.preset,
        blemishes=_draw_blemishes(job, split, plate, side),
    )


def _draw_blemishes(job: Job, split: Split, plate: int, side: int) -> tuple[Any, ...]:
    drawn: list[Any] = []
    for kind in kinds.KINDS:
        if side == 0 or kind.label.kind == DEFECT:
            seed = getattr(job.seeds, kind.label.kind)
            counts, ranges = split.counts[kind.name], job.blemish_ranges(kind.name)
            drawn += kinds.draw_blemishes(kind, seed, plate, side, counts, ranges)
    return tuple(drawn)
