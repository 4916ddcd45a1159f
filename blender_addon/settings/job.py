"""Conversion of the settings of an inspection scene into a job, and back.

A job holds numbers, and pairs [low, high] to draw from. The job of one picture fixes everything, so that it renders
exactly what the scene shows. The job of a dataset draws the stains from the ranges and gives every plate a texture of
its own.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import bpy

from ..definitions.parameter import defaults_of, middle
from ..inspection.camera import CameraParams
from ..inspection.lens import LensParams
from ..inspection.placement import PlacementParams
from ..inspection.ring_light import RingLightParams
from ..job.definition import FORMAT, GRID, NO_BLEMISHES, VERSION, Job, Seeds, job_of, job_schema
from ..job.validation import read_document
from ..metals.group import BRUSHED, FINISHES, metal_key
from ..plate.groups import NODES
from ..plate.mesh import PlateParams
from ..water_stain.params import WaterStainParams
from ..water_stain.ranges import RANGED, StainRanges, ranges_by_field
from ..water_stain.shading import StainShadingParams
from .defects import CONTROLS, blemish_ranges, take_blemishes
from .description import description_of
from .properties import exact, params_of, set_values, values_of

TEXTURE = "texture_offset"  # the parameter of every finish that identifies the plate
GROUPS = {"plate": PlateParams, "camera": CameraParams, "placement": PlacementParams, "lens": LensParams}


def picture_job(settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Return the job of the picture that the scene shows. Raises ValueError if the settings contradict each other."""
    description_of(settings)
    kinds = [control.kind for control in CONTROLS]
    counts = {kind.plural: [getattr(settings.defects, kind.plural)] * 2 for kind in kinds}
    split = {"name": "test", "plates": 1, "water_stains": settings.water_stains, **counts}
    job = _job(settings, values_of(settings.stain, WaterStainParams), _metals(settings), [split])
    job["seeds"]["defect"] = settings.defects.seed
    job["stain_renderer"] = NODES  # as the scene
    return job


def dataset_job(settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Return the job of a dataset whose plates look like the scene.

    Raises ValueError if the settings contradict each other or if the dataset has no plates.
    """
    description_of(settings)
    dataset = settings.dataset
    ranges = ranges_by_field(params_of(settings.ranges, StainRanges))
    stain = values_of(settings.stain, WaterStainParams) | {name: list(pair) for name, pair in ranges.items()}
    stain["explicit_centre"] = 0
    worst = {name: max(pair) if name != "cell_size" else min(pair) for name, pair in ranges.items() if name in RANGED}
    largest: dict[str, Any] = {**values_of(settings.stain, WaterStainParams), "explicit_centre": 0, **worst}
    WaterStainParams(**largest)  # raises ValueError if the largest stains would be cut off
    metals = _metals(settings)
    for metal in metals.values():
        fields = dataclasses.fields(FINISHES[settings.finish].params)
        texture = next(field for field in fields if field.name == TEXTURE)
        metal[TEXTURE] = [texture.metadata["low"], texture.metadata["high"]]
    splits = []
    kinds = [control.kind for control in CONTROLS]
    most = {kind.plural: [0, getattr(dataset, kind.plural)] for kind in kinds}
    none = {plural: list(NO_BLEMISHES) for plural in most}
    for name, plates, counts in (
        ("train", dataset.train, none),
        ("validation", dataset.validation, most),
        ("test", dataset.test, most),
    ):
        if plates:
            stained = settings.water_stains and getattr(dataset, f"{name}_stains")
            splits.append({"name": name, "plates": plates, "water_stains": stained, **counts})
    if not splits:
        raise ValueError("dataset: it has no plates; set Training, Validation or Test above 0")
    job = _job(settings, stain, metals, splits)
    if dataset.views == GRID:
        grid = {"columns": dataset.columns, "rows": dataset.rows, "overlap": exact(dataset.overlap)}
        job |= {"views": GRID, "grid": grid, "placement": {}}  # the scene's placement holds for one view only
    return job


def job_text(job: dict[str, Any]) -> str:
    """Return a job as the JSON text of a file."""
    return json.dumps(job, indent=1, ensure_ascii=False) + "\n"


def read_job_file(path: Path) -> Job:
    """Read and validate a job file. Raises JobError with the file's name and the first mistake."""
    return job_of(read_document(path, job_schema(), path.name))


def take_job(settings: bpy.types.PropertyGroup, job: Job) -> None:
    """Set everything that a job defines: the middle of each range, and the stains' ranges themselves."""
    take_blemishes(settings, job)
    for name in ("plate", "camera"):
        set_values(getattr(settings, name), dataclasses.asdict(getattr(job, name)))
    parts = [
        (settings.placement, PlacementParams, job.placement),
        (settings.lens, LensParams, job.lens),
        (settings.light, RingLightParams, job.light.ranges),
        (settings.stain, WaterStainParams, job.water_stain),
        (settings.stain, StainShadingParams, job.stain_shading),
        *((getattr(settings, metal_key(name)), kind.params, job.metals[name]) for name, kind in FINISHES.items()),
    ]
    for group, params_class, given in parts:
        defaults = defaults_of(params_class).items()
        set_values(group, {name: middle(given.get(name, default), default) for name, default in defaults})
    for name in RANGED:
        value = job.water_stain.get(name, getattr(settings.stain, name))
        low, high = value if isinstance(value, list) else (value, value)
        set_values(settings.ranges, {f"{name}_low": low, f"{name}_high": high})
    settings.finish = job.finish
    set_values(settings.picture, dataclasses.asdict(job.image))
    settings.water_stains = any(split.water_stains for split in job.splits)
    for name in {split.name for split in job.splits}:
        stained = any(split.water_stains for split in job.splits if split.name == name)
        setattr(settings.dataset, f"{name}_stains", stained or not settings.water_stains)
    settings.dataset.name = job.name


def _job(
    settings: bpy.types.PropertyGroup, stain: dict[str, Any], metals: dict[str, Any], splits: list[dict[str, Any]]
) -> dict[str, Any]:
    picture = settings.picture
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": settings.dataset.name,
        "seeds": {field.name: settings.dataset.seed for field in dataclasses.fields(Seeds)},
        "first_plate": 0,
        "image": {
            "width": picture.width,
            "height": picture.height,
            "samples": picture.samples,
            "denoise": picture.denoise,
        },
        **{key: values_of(getattr(settings, key), params) for key, params in GROUPS.items()},
        "light": {"name": "scene", **values_of(settings.light, RingLightParams)},
        "finish": settings.finish,
        metal_key(BRUSHED): {},
        **metals,
        "water_stain": stain,
        "stain_shading": values_of(settings.stain, StainShadingParams),
        **{control.name: blemish_ranges(settings, control.kind) for control in CONTROLS},
        "splits": splits,
    }


def _metals(settings: bpy.types.PropertyGroup) -> dict[str, dict[str, Any]]:
    """Return the parameters of the chosen finish under the job's key."""
    key = metal_key(settings.finish)
    return {key: values_of(getattr(settings, key), FINISHES[settings.finish].params)}
