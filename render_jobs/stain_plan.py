"""The water stains of a plate, drawn from a job's ranges or from the look of a preset."""

import dataclasses
from dataclasses import dataclass, field

from blender_addon.definitions.random_stream import PRESET_STREAM, SHADING_STREAM, STAIN_STREAM, stream
from blender_addon.job.definition import OWN_RANGES, Job
from blender_addon.water_stain.params import WaterStainParams, draw_water_stain_params
from blender_addon.water_stain.preset import KEPT, enlarged, read_preset, shipped_presets
from blender_addon.water_stain.shading import StainShadingParams, draw_stain_shading_params


@dataclass(frozen=True)
class PlannedStains:
    """The stains' texture (None: no stains), how they act on the surface, and the name of the preset drawn, if any."""

    texture: WaterStainParams | None = None
    shading: StainShadingParams = field(default_factory=StainShadingParams)
    preset: str = ""


def plan_stains(job: Job, plate: int) -> PlannedStains:
    """Draw the stains of a plate.

    Without presets in the job, its ranges describe them. The places of the stains are drawn alike in every look.
    Raises ValueError if drawn parameters contradict each other, such as stains larger than their cells.
    """
    seed = job.seeds.impurity
    rng = stream(seed, PRESET_STREAM, plate)
    preset, factor = _draw_preset(job, rng.random()), 1 + job.preset_spread * (2 * rng.random() - 1)
    places = stream(seed, STAIN_STREAM, plate)
    if preset in ("", OWN_RANGES):
        shading = draw_stain_shading_params(stream(seed, SHADING_STREAM, plate), job.stain_shading)
        return PlannedStains(draw_water_stain_params(places, job.water_stain), shading, preset)
    kept = {name: value for name, value in job.water_stain.items() if name in KEPT}
    looks = enlarged(read_preset(shipped_presets()[preset]), factor)
    values = dataclasses.asdict(draw_water_stain_params(places, kept)) | looks
    shading_fields = {each.name for each in dataclasses.fields(StainShadingParams)}
    texture = {name: value for name, value in values.items() if name not in shading_fields}
    shading = StainShadingParams(**{name: values[name] for name in shading_fields})
    return PlannedStains(WaterStainParams(**texture), shading, preset)


def _draw_preset(job: Job, uniform: float) -> str:
    """Return the name of the look at `uniform`, 0..1, in the list of weights; empty for an empty list."""
    total = sum(each.weight for each in job.stain_presets)
    for each in job.stain_presets:
        uniform -= each.weight / total
        if uniform < 0:
            return each.preset
    return job.stain_presets[-1].preset if job.stain_presets else ""
