"""Settings of an inspection scene as a job description for headless rendering, and back.

A job holds numbers, and pairs [least, most] to draw from. As one picture a job fixes everything, so that it renders
exactly what the scene shows; as a dataset it draws the stains from the ranges, and every plate gets a texture of its
own.
"""

import dataclasses
import json
import math
from typing import Any

import bpy

from ..inspection.camera import CameraParams
from ..inspection.lens import LensParams
from ..inspection.placement import PlacementParams
from ..inspection.ring_light import RingLightParams
from ..plate.mesh import PlateParams
from ..water_stain.params import WaterStainParams
from ..water_stain.ranges import RANGED, StainRanges, ranges_by_field
from ..water_stain.shading import StainShadingParams
from .defects import DEFECTS, KINDS, defect_ranges, take_defects
from .description import FINISHES, description_of
from .properties import exact, params_of, set_values, values_of

FORMAT, VERSION = "stainless-job", 1
TEXTURE = "texture_offset"  # of every finish: which plate it is
NONE = [0, 0]
GRID = "grid"  # views that cover the plate
GROUPS = {
    "plate": PlateParams,
    "camera": CameraParams,
    "placement": PlacementParams,
    "lens": LensParams,
    "light": RingLightParams,
}


def picture_job(settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Describe the one picture that the scene shows. Raises ValueError where the settings contradict each other."""
    description_of(settings)
    counts = {thing.field: [getattr(settings.defects, thing.field)] * 2 for thing in DEFECTS}
    split = {"name": "test", "plates": 1, "water_stains": settings.water_stains, **counts}
    job = _job(settings, values_of(settings.stain, WaterStainParams), _metals(settings), [split])
    job["seeds"]["defect"] = settings.defects.seed
    return job


def dataset_job(settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """Describe the dataset whose plates look like the scene. Raises ValueError as above and for empty splits."""
    description_of(settings)
    dataset = settings.dataset
    ranges = ranges_by_field(params_of(settings.ranges, StainRanges))
    stain = values_of(settings.stain, WaterStainParams) | {name: list(pair) for name, pair in ranges.items()}
    stain["explicit_centre"] = 0
    worst = {name: max(pair) if name != "cell_size" else min(pair) for name, pair in ranges.items() if name in RANGED}
    WaterStainParams(**{**values_of(settings.stain, WaterStainParams), "explicit_centre": 0, **worst})
    metals = _metals(settings)
    for key, metal in metals.items():
        texture = next(f for f in dataclasses.fields(FINISHES[key.removesuffix("_metal")]) if f.name == TEXTURE)
        metal[TEXTURE] = [texture.metadata["low"], texture.metadata["high"]]
    splits = []
    most = {thing.field: [0, getattr(dataset, thing.field)] for thing in DEFECTS}
    none = dict.fromkeys(most, NONE)
    for name, plates, counts in (
        ("train", dataset.train, none),
        ("validation", dataset.validation, most),
        ("test", dataset.test, most),
    ):
        if plates:
            splits.append({"name": name, "plates": plates, "water_stains": settings.water_stains, **counts})
    if not splits:
        raise ValueError("dataset: there is not one plate in it; set Training, Validation or Test above 0")
    job = _job(settings, stain, metals, splits)
    if dataset.views == GRID:
        grid = {"columns": dataset.columns, "rows": dataset.rows, "overlap": exact(dataset.overlap)}
        job |= {"views": GRID, "grid": grid, "placement": {}}  # the scene may show one view of them
    return job


def job_text(job: dict[str, Any]) -> str:
    """Return a job as the JSON that files hold."""
    return json.dumps(job, indent=1, ensure_ascii=False) + "\n"


def read_job_text(text: str) -> dict[str, Any]:
    """Read and check what `take_job` needs of a job. Raises ValueError with the first mistake, in words."""
    try:
        job = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not a JSON file: {error}") from error
    if not isinstance(job, dict) or job.get("format") != FORMAT or job.get("version") != VERSION:
        raise ValueError(f'not a job description: "format" must be "{FORMAT}" and "version" {VERSION}')
    if job.get("finish", "brushed") not in FINISHES:
        raise ValueError(f"finish = {job['finish']!r} is none of {', '.join(FINISHES)}")
    for key, params_class in _parameter_groups().items():
        group = job.get(key, {})
        if not isinstance(group, dict):
            raise ValueError(f"{key} must hold parameters by name")
        fields = {field.name: field for field in dataclasses.fields(params_class)}
        for name, value in group.items():
            if not (key == "light" and name == "name"):
                _check_parameter(key, name, value, fields)
    for name in ("width", "height", "samples"):
        value = job.get("image", {}).get(name)
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"image.{name} = {value!r} must be a whole number above 0")
    if not isinstance(job.get("splits"), list) or not all(isinstance(split, dict) for split in job["splits"]):
        raise ValueError("splits must be a list of groups of plates")
    return job


def take_job(settings: bpy.types.PropertyGroup, job: dict[str, Any]) -> None:
    """Set everything that a checked job says; of a range take the middle, and keep it as range to draw stains from."""
    take_defects(settings, job)
    for key, params_class in _parameter_groups().items():
        if key in KINDS:
            continue
        group = settings.stain if key in ("water_stain", "stain_shading") else getattr(settings, key)
        given = job.get(key, {})
        defaults = {field.name: field.default for field in dataclasses.fields(params_class)}
        set_values(group, {name: _middle(given.get(name, default), default) for name, default in defaults.items()})
    for name in RANGED:
        value = job.get("water_stain", {}).get(name, getattr(settings.stain, name))
        least, most = value if isinstance(value, list) else (value, value)
        set_values(settings.ranges, {f"{name}_low": least, f"{name}_high": most})
    settings.finish = job.get("finish", "brushed")
    image = job["image"]
    set_values(settings.picture, {name: image[name] for name in ("width", "height", "samples")})
    settings.picture.denoise = bool(image.get("denoise", False))
    settings.water_stains = any(split.get("water_stains") for split in job["splits"])
    settings.dataset.name = str(job.get("name", settings.dataset.name))


def _job(
    settings: bpy.types.PropertyGroup, stain: dict[str, Any], metals: dict[str, Any], splits: list[dict[str, Any]]
) -> dict[str, Any]:
    picture = settings.picture
    seed = settings.dataset.seed
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": settings.dataset.name,
        "seeds": dict.fromkeys(("texture", "impurity", "defect", "light", "camera"), seed),
        "first_plate": 0,
        "image": {
            "width": picture.width,
            "height": picture.height,
            "samples": picture.samples,
            "denoise": picture.denoise,
        },
        **{key: values_of(getattr(settings, key), params) for key, params in GROUPS.items() if key != "light"},
        "light": {"name": "scene", **values_of(settings.light, RingLightParams)},
        "finish": settings.finish,
        "brushed_metal": {},
        **metals,
        "water_stain": stain,
        "stain_shading": values_of(settings.stain, StainShadingParams),
        **{kind: defect_ranges(settings, kind) for kind in KINDS},
        "splits": splits,
    }


def _metals(settings: bpy.types.PropertyGroup) -> dict[str, dict[str, Any]]:
    """The parameters of the finish that is chosen, under the job's key for it."""
    key = f"{settings.finish}_metal"
    return {key: values_of(getattr(settings, key), FINISHES[settings.finish])}


def _parameter_groups() -> dict[str, type]:
    metals = {f"{name}_metal": params_class for name, params_class in FINISHES.items()}
    return {**GROUPS, **metals, **KINDS, "water_stain": WaterStainParams, "stain_shading": StainShadingParams}


def _check_parameter(key: str, name: str, value: Any, fields: dict[str, dataclasses.Field]) -> None:
    if name not in fields:
        raise ValueError(f"{key}.{name} is not a parameter; there are {', '.join(fields)}")
    meta = fields[name].metadata
    for number in value if isinstance(value, list) and len(value) == 2 else [value]:
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
            raise ValueError(f"{key}.{name} = {value!r} must be a number or a pair of numbers")
        if not meta["low"] <= number <= meta["high"]:
            raise ValueError(f"{key}.{name} = {value!r} lies outside [{meta['low']:g}, {meta['high']:g}]")


def _middle(value: Any, default: float) -> float:
    if not isinstance(value, list):
        return value
    middle = (value[0] + value[1]) / 2
    return int(middle) if isinstance(default, int) else middle
