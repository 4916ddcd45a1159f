"""The definition of a render job: its parts, their JSON Schema and their defaults.

A job is data: complete, with its seeds inside, so that any Blender on any machine can execute it. Parameters that are
drawn are kept as ranges until a sample is planned. See `draw_params`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..blemishes import kinds
from ..definitions.parameter import LogRange
from ..inspection.camera import CameraParams
from ..inspection.lens import LensParams
from ..inspection.placement import PlacementParams
from ..inspection.ring_light import RingLightParams
from ..inspection.scene import PictureParams
from ..metals.group import BRUSHED, FINISHES, metal_key
from ..plate.groups import STAIN_RENDERERS
from ..plate.mesh import PlateParams
from ..water_stain.params import WaterStainParams
from ..water_stain.preset import shipped_presets
from ..water_stain.shading import StainShadingParams
from .entries import Key, Ranges, Schema, entries, entry, numbers, ranges, read, schema_of
from .job_error import JobError

FORMAT, VERSION = "stainless-job", 1
AUTO, ESTIMATED, EXACT = "auto", "estimated", "exact"  # measurements of the visibility
MIDDLE, GRID = "middle", "grid"  # the views of a plate
OWN_RANGES = "own"  # the look that a job's own ranges of stains describe, in a list of presets
NO_BLEMISHES = (0, 0)  # the count of a kind that a split does not name
_SEED: Schema = {"type": "integer", "minimum": 0}
_PIXELS: Schema = {"type": "integer", "minimum": 8, "maximum": 65536, "description": "pixels"}
_VIEWS: Schema = {"type": "integer", "minimum": 1, "maximum": 100}
_NAME: Schema = {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Seeds:
    """Seeds of the random streams."""

    texture: int = entry(_SEED)
    impurity: int = entry(_SEED)
    defect: int = entry(_SEED)
    light: int = entry(_SEED)
    camera: int = entry(_SEED, default=0)


@dataclass(frozen=True)
class Image:
    """Size and quality of the pictures."""

    width: int = entry(_PIXELS)
    height: int = entry(_PIXELS)
    samples: int = entry({"type": "integer", "minimum": 1, "description": "light paths per pixel"})
    denoise: bool = entry(
        {"type": "boolean", "description": "denoising by OpenImageDenoise, which blurs fine brush texture"}
    )

    @property
    def picture(self) -> PictureParams:
        """The render settings."""
        return PictureParams(self.width, self.height, self.samples, self.denoise)


@dataclass(frozen=True)
class Grid:
    """Views that cover a side of a plate."""

    columns: int = entry({**_VIEWS, "description": "number of views from left to right"})
    rows: int = entry({**_VIEWS, "description": "number of views from top to bottom"})
    overlap: float = entry(
        {
            "type": "number",
            "minimum": 0.0,
            "maximum": 0.99,
            "description": "lowest overlap of neighbouring fields, relative to their size",
        }
    )


@dataclass(frozen=True)
class Light:
    """The ring light: its name in tables and the ranges of its parameters."""

    name: str
    ranges: Ranges


def _light_schema() -> Schema:
    schema = ranges(RingLightParams)
    schema["properties"] = {"name": _NAME, **schema["properties"]}
    return schema | {"required": ["name"]}


def _read_light(document: Mapping[str, Any]) -> Light:
    return Light(document["name"], {name: value for name, value in document.items() if name != "name"})


@dataclass(frozen=True)
class Labels:
    """The visibility of the instances, and the least that a label needs."""

    visibility: str = entry(
        {
            "enum": [AUTO, ESTIMATED, EXACT],
            "description": "measurement of the instances' visibility: exact renders each picture with blemishes twice "
            "more without them; estimated compares pixels inside with a ring around; auto (default): exact in "
            "triplets, estimated elsewhere",
        },
        default=AUTO,
    )
    minimum_visibility: float = entry(
        {
            "type": "number",
            "minimum": 0.0,
            "description": "instances of lower visibility are ignored (255) in the mask (default: 0)",
        },
        default=0.0,
    )


def _count_keys() -> dict[str, Key]:
    count = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}
    words = {True: "lowest and highest number on a plate", False: "lowest and highest number on a plate (default: 0)"}
    return {
        kind.plural: Key(kind.name, {**count, "description": words[kind.required]}, kind.required)
        for kind in kinds.KINDS
    }


@dataclass(frozen=True, kw_only=True)
class Split:
    """A group of plates of one split; `counts` holds the least and greatest number on a plate by kind of blemish."""

    name: str = entry({"enum": ["train", "validation", "test"]})
    plates: int = entry({"type": "integer", "minimum": 0, "description": "number of plates"})
    sides: int = entry(
        {"enum": [1, 2], "description": "1 (default): the front; 2: both sides; the back never has impurities"},
        default=1,
    )
    water_stains: bool = entry({"type": "boolean"})
    counts: Mapping[str, tuple[int, int]] = entries(_count_keys, NO_BLEMISHES, tuple)


@dataclass(frozen=True)
class WeightedPreset:
    """A look of stains: a preset that comes with Stainless, or the job's own ranges; plates draw it by its weight."""

    preset: str = entry(
        lambda: {
            "enum": [OWN_RANGES, *shipped_presets()],
            "description": "name of a preset; own: the ranges of water_stain and stain_shading",
        }
    )
    weight: float = entry(
        {"type": "number", "exclusiveMinimum": 0, "description": "share of the plates, relative to the other weights"},
        default=1.0,
    )


def _metal_keys() -> dict[str, Key]:
    return {metal_key(name): Key(name, ranges(kind.params), kind.required) for name, kind in FINISHES.items()}


def _blemish_keys() -> dict[str, Key]:
    return {kind.name: Key(kind.name, ranges(kind.params), kind.required) for kind in kinds.KINDS}


def _log_uniform_schema() -> Schema:
    names = {kind.name: [field.name for field in dataclasses.fields(kind.params)] for kind in kinds.KINDS}
    properties = {kind: {"type": "array", "items": {"enum": fields}} for kind, fields in names.items()}
    text = "names of the parameters whose ranges are drawn evenly on a log scale, by kind of blemish (default: none)"
    return {"type": "object", "description": text, "additionalProperties": False, "properties": properties}


def _read_splits(documents: list[Mapping[str, Any]]) -> tuple[Split, ...]:
    return tuple(read(Split, document) for document in documents)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A render job. `metals` is by finish, `blemishes` by kind; both hold ranges of parameters."""

    name: str = entry(_NAME)
    seeds: Seeds = entry(schema_of(Seeds), partial(read, Seeds))
    first_plate: int = entry({"type": "integer", "minimum": 0, "description": "number of the first plate"})
    image: Image = entry(schema_of(Image), partial(read, Image))
    plate: PlateParams = entry(numbers(PlateParams), lambda document: PlateParams(**document))
    camera: CameraParams = entry(numbers(CameraParams), lambda document: CameraParams(**document))
    views: str = entry(
        {"enum": [MIDDLE, GRID], "description": "views of each side of a plate (default: middle)"}, default=MIDDLE
    )
    grid: Grid | None = entry(schema_of(Grid), partial(read, Grid), default=None)
    placement: Ranges = entry(ranges(PlacementParams), default_factory=dict)
    lens: Ranges = entry(ranges(LensParams), default_factory=dict)
    light: Light = entry(_light_schema, _read_light)
    finish: str = entry(
        {"enum": list(FINISHES), "description": "finish of the metal (default: brushed)"}, default=BRUSHED
    )
    metals: Mapping[str, Ranges] = entries(_metal_keys, {}, dict)
    water_stain: Ranges = entry(ranges(WaterStainParams))
    stain_renderer: str = entry(
        {
            "enum": list(STAIN_RENDERERS),
            "description": "shading of the plate: nodes, osl (needs the CPU or OptiX), or auto (default): the cheaper "
            "of the two for the job's pictures, chosen when the dataset is begun",
        },
        default=AUTO,
    )
    stain_shading: Ranges = entry(ranges(StainShadingParams), default_factory=dict)
    stain_presets: tuple[WeightedPreset, ...] = entry(
        lambda: {
            "type": "array",
            "items": schema_of(WeightedPreset),
            "description": "looks of the stains; each plate draws one (default: own)",
        },
        lambda documents: tuple(read(WeightedPreset, document) for document in documents),
        default=(),
    )
    preset_spread: float = entry(
        {
            "type": "number",
            "minimum": 0.0,
            "maximum": 0.9,
            "description": "each plate enlarges or shrinks its preset by up to this part (default: 0)",
        },
        default=0.0,
    )
    blemishes: Mapping[str, Ranges] = entries(_blemish_keys, {}, dict)
    log_uniform: Mapping[str, list[str]] = entry(_log_uniform_schema, default_factory=dict)
    triplets: bool = entry(
        {
            "type": "boolean",
            "description": "whether each picture with impurities or defects has a twin of the same plate without them "
            "(default: false)",
        },
        default=False,
    )
    labels: Labels = entry(schema_of(Labels), partial(read, Labels), default_factory=Labels)
    splits: tuple[Split, ...] = entry(
        lambda: {
            "type": "array",
            "minItems": 1,
            "items": schema_of(Split),
            "description": "groups of plates in the order of their numbers; several may belong to one split",
        },
        _read_splits,
    )

    def blemish_ranges(self, kind: str) -> Ranges:
        """Return the ranges from which a kind's pieces are drawn, with those of `log_uniform` as LogRange."""
        given, named = self.blemishes[kind], self.log_uniform.get(kind, [])
        logarithmic = {name: LogRange(*given[name]) for name in named if isinstance(given.get(name), list)}
        return {**given, **logarithmic}

    @property
    def visibility(self) -> str:
        """The measurement of the visibility: ESTIMATED or EXACT."""
        if self.labels.visibility != AUTO:
            return self.labels.visibility
        return EXACT if self.triplets else ESTIMATED


def job_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a job."""
    title = "A Stainless render job; omitted parameters have their defaults"
    schema = schema_of(Job, format=FORMAT, version=VERSION)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def job_of(document: Mapping[str, Any]) -> Job:
    """Build the job of a valid document.

    Raises JobError if the plate's or the camera's numbers contradict each other.
    """
    try:
        return read(Job, document)
    except ValueError as error:
        raise JobError(f"job {document['name']!r}: {error}") from error
