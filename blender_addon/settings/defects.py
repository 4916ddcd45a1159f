"""Blemishes of the sidebar: numbers and shapes are settings; places, turns and written numbers are drawn."""

import dataclasses
import math
from typing import Any

import bpy

from ..blemishes.kinds import KINDS, BlemishKind, draw_blemishes
from ..definitions.classes import DEFECT
from ..definitions.parameter import defaults_of, middle
from ..job.definition import Job
from ..plate.mesh import PlateParams
from .properties import exact, params_of, values_of

SIZES = ("length", "width", "radius", "depth", "height")  # parameters that the size variation acts on
PLACES = ("centre_x", "centre_y")
TURNS = {  # drawn for every blemish
    "angle": (0.0, math.pi),
    "phase": (0.0, 2.0),
    "lobe_phase": (0.0, 2 * math.pi),
    "pattern": (0.0, 1000.0),
    "coverage_angle": (0.0, 2 * math.pi),
    "tilt_angle": (0.0, 2 * math.pi),
    "crease_angle": (0.0, math.pi),
    "ridge_angle": (0.0, math.pi),
    "edge_phase": (0.0, 2 * math.pi),
    "number": (1, 99),
}
PLATE, FRONT = 0, 0  # a scene shows the front of the first plate of its job


def blemish_ranges(settings: bpy.types.PropertyGroup, kind: BlemishKind) -> dict[str, Any]:
    """Return the ranges of a job's kind: numbers, and pairs [low, high] for sizes, places and turns."""
    fields = {field.name: field for field in dataclasses.fields(kind.params)}
    ranges: dict[str, Any] = values_of(getattr(settings, kind.name), kind.params)
    variation = exact(settings.defects.variation)
    for name in fields.keys() & set(SIZES) if variation > 0 else ():
        value, meta = ranges[name], fields[name].metadata
        ranges[name] = [max(value * (1 - variation), meta["low"]), min(value * (1 + variation), meta["high"])]
    plate = params_of(settings.plate, PlateParams)
    for name, extent in zip(PLACES, (plate.width, plate.height), strict=True):
        half = max(extent / 2 - plate.border, 0.0)
        ranges[name] = [-half, half]
    return ranges | {name: list(pair) for name, pair in TURNS.items() if name in fields}


def drawn_blemishes(settings: bpy.types.PropertyGroup) -> tuple[Any, ...]:
    """Draw the scene's blemishes with the seed and the ranges of its job."""
    drawn: list[Any] = []
    for kind in KINDS:
        if count := getattr(settings.defects, kind.plural):
            seed = settings.defects.seed if kind.label.kind == DEFECT else settings.dataset.seed  # as in the job
            drawn += draw_blemishes(kind, seed, PLATE, FRONT, (count, count), blemish_ranges(settings, kind))
    return tuple(drawn)


def shown_fields(kind: BlemishKind) -> list[str]:
    """Return the parameters of a kind that are set and not drawn, the most important first."""
    others = (field.name for field in dataclasses.fields(kind.params))
    return [*kind.first, *(name for name in others if name not in {*kind.first, *PLACES, *TURNS})]


def take_blemishes(settings: bpy.types.PropertyGroup, job: Job) -> None:
    """Set numbers and sizes from a job: the middle of each range, and the mean count of the last split."""
    variations = [0.0]
    for kind in KINDS:
        given, group = job.blemishes[kind.name], getattr(settings, kind.name)
        for name, default in defaults_of(kind.params).items():
            value = given.get(name, default)
            setattr(group, name, middle(value, default))
            if name in SIZES and isinstance(value, list) and sum(value) > 0:
                variations.append((value[1] - value[0]) / sum(value))
        setattr(settings.defects, kind.plural, sum(job.splits[-1].counts[kind.name]) // 2)
    settings.defects.variation = max(variations)
    settings.defects.seed = job.seeds.defect
