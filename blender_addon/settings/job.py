"""Conversion of the settings of an inspection scene into a job, and back.

A job holds numbers, and pairs [low, high] to draw from. The job of one picture fixes everything, so that it renders
exactly what the scene shows. The job of a dataset draws the stains from the ranges and gives every plate a texture of
its own. What an imported job holds and the panel cannot is kept with the scene (`kept_job`).
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import bpy

from ..blemishes.kinds import KINDS
from ..definitions.parameter import defaults_of, middle
from ..inspection.camera import CameraParams
from ..inspection.lens import LensParams
from ..inspection.placement import PlacementParams
from ..inspection.ring_light import RingLightParams
from ..job.definition import FORMAT, GRID, NO_BLEMISHES, VERSION, Job, Seeds, job_of, job_schema
from ..job.validation import read_document, validate_document
from ..metals.group import BRUSHED, FINISHES, metal_key
from ..plate.groups import NODES
from ..plate.mesh import PlateParams
from ..water_stain.params import WaterStainParams
from ..water_stain.ranges import RANGED, StainRanges, ranges_by_field
from ..water_stain.shading import StainShadingParams
from .defects import blemish_ranges, take_blemishes
from .description import description_of
from .kept_job import kept_words, merged
from .properties import exact, params_of, set_values, values_of

TEXTURE = "texture_offset"  # the parameter of every finish that identifies the plate
SPLITS = ("train", "validation", "test")
GREATEST = 2**31 - 1  # of a property
GROUPS = {"plate": PlateParams, "camera": CameraParams, "placement": PlacementParams, "lens": LensParams}


def picture_job(settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Return the job of the picture that the scene shows. Raises ValueError if the settings contradict each other."""
    description_of(settings)
    counts = {kind.plural: [getattr(settings.defects, kind.plural)] * 2 for kind in KINDS}
    split = {"name": "test", "plates": 1, "water_stains": settings.water_stains, **counts}
    job = _job(settings, values_of(settings.stain, WaterStainParams), _metals(settings), [split])
    job["seeds"]["defect"] = settings.defects.seed
    job["stain_renderer"] = NODES  # as the scene
    return job


def dataset_job(settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Return the job of a dataset whose plates look like the scene, with what is kept of an imported job.

    Raises ValueError if the settings contradict each other or if the dataset has no plates, JobError if the kept parts
    and the settings do.
    """
    description_of(settings)
    ranges = ranges_by_field(params_of(settings.ranges, StainRanges))
    worst = {name: max(pair) if name != "cell_size" else min(pair) for name, pair in ranges.items() if name in RANGED}
    largest: dict[str, Any] = {**values_of(settings.stain, WaterStainParams), "explicit_centre": 0, **worst}
    WaterStainParams(**largest)  # raises ValueError if the largest stains would be cut off
    job = _panel_job(settings)
    if settings.dataset.imported:
        job = merged(json.loads(settings.dataset.imported), json.loads(settings.dataset.after_import), job)
    if not any(split["plates"] for split in job["splits"]):
        raise ValueError("dataset: it has no plates; set Training, Validation or Test above 0")
    validate_document(job, "job", job_schema())
    return job


def _panel_job(settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Return the job of the dataset as the panel alone describes it."""
    dataset = settings.dataset
    ranges = ranges_by_field(params_of(settings.ranges, StainRanges))
    stain = values_of(settings.stain, WaterStainParams) | {name: list(pair) for name, pair in ranges.items()}
    stain["explicit_centre"] = 0
    metals = _metals(settings)
    for metal in metals.values():
        fields = dataclasses.fields(FINISHES[settings.finish].params)
        texture = next(field for field in fields if field.name == TEXTURE)
        metal[TEXTURE] = [texture.metadata["low"], texture.metadata["high"]]
    most = {kind.plural: [0, getattr(dataset, kind.plural)] for kind in KINDS}
    none = {plural: list(NO_BLEMISHES) for plural in most}
    splits = []
    for name in SPLITS:
        if plates := getattr(dataset, name):
            counts = none if name == "train" else most
            stained = settings.water_stains and getattr(dataset, f"{name}_stains")
            splits.append({"name": name, "plates": plates, "water_stains": stained, **counts})
    if not splits:
        raise ValueError("dataset: it has no plates; set Training, Validation or Test above 0")
    job = _job(settings, stain, metals, splits)
    if dataset.views == GRID:
        grid = {"columns": dataset.columns, "rows": dataset.rows, "overlap": exact(dataset.overlap)}
        job |= {"views": GRID, "grid": grid, "placement": {}}  # the scene's placement holds for one view only
    return job


def kept_of(settings: bpy.types.PropertyGroup) -> list[str]:
    """Return in words what the scene keeps of an imported job beside the panel."""
    dataset = settings.dataset
    return kept_words(json.loads(dataset.imported), json.loads(dataset.after_import)) if dataset.imported else []


def forget_job(settings: bpy.types.PropertyGroup) -> None:
    """Keep nothing more of an imported job."""
    settings.dataset.imported = settings.dataset.after_import = ""


def job_text(job: dict[str, Any]) -> str:
    """Return a job as the JSON text of a file."""
    return json.dumps(job, indent=1, ensure_ascii=False) + "\n"


def read_job_file(path: Path) -> dict[str, Any]:
    """Read and validate a job file. Raises JobError with the file's name and the first mistake."""
    return read_document(path, job_schema(), path.name)


def take_job(settings: bpy.types.PropertyGroup, document: dict[str, Any]) -> None:
    """Set everything that a job defines: the middle of each range, and the stains' ranges themselves.

    The job of a dataset is kept with the scene, so that an export writes it again. Raises JobError.
    """
    job = job_of(document)
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
    settings.dataset.seed = min(job.seeds.impurity, GREATEST)
    forget_job(settings)
    if not _is_one_picture(job):
        _take_dataset(settings, job)
        settings.dataset.imported = json.dumps(document)
        settings.dataset.after_import = json.dumps(_panel_job(settings))


def _is_one_picture(job: Job) -> bool:
    """Return whether a job renders one plate with the same stains each time, as `picture_job` writes it."""
    drawn = any(isinstance(value, list) for value in job.water_stain.values())
    return sum(split.plates for split in job.splits) == 1 and not drawn


def _take_dataset(settings: bpy.types.PropertyGroup, job: Job) -> None:
    """Set the numbers of plates, the highest numbers of blemishes on them, and the views."""
    dataset = settings.dataset
    for name in SPLITS:
        setattr(dataset, name, sum(split.plates for split in job.splits if split.name == name))
    for kind in KINDS:
        setattr(dataset, kind.plural, max(split.counts[kind.name][1] for split in job.splits))
    dataset.views = job.views
    if job.grid:
        set_values(dataset, dataclasses.asdict(job.grid))


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
        **{kind.name: blemish_ranges(settings, kind) for kind in KINDS},
        "splits": splits,
    }


def _metals(settings: bpy.types.PropertyGroup) -> dict[str, dict[str, Any]]:
    """Return the parameters of the chosen finish under the job's key."""
    key = metal_key(settings.finish)
    return {key: values_of(getattr(settings, key), FINISHES[settings.finish].params)}
