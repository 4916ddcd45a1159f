"""Defects of an inspection scene's plate: how many, how large; where they lie and how they are turned is drawn."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import bpy

from ..blemishes.bump import BumpParams
from ..blemishes.dent import DentParams
from ..blemishes.kinds import THINGS, Thing, draw_things
from ..blemishes.scratch import ScratchParams
from ..plate.mesh import PlateParams
from .properties import exact, params_of, values_of

KINDS: dict[str, type] = {"scratch": ScratchParams, "dent": DentParams, "bump": BumpParams}  # by a job's key
DEFECTS = tuple(thing for thing in THINGS if thing.ranges in KINDS)
SIZES = ("length", "width", "radius", "depth", "height")  # what varies between two of a kind
PLACES = ("centre_x", "centre_y")
TURNS = {"angle": (0.0, math.pi), "phase": (0.0, 2.0), "lobe_phase": (0.0, 2 * math.pi)}  # drawn, of any defect
PLATE, FRONT = 0, 0  # a scene shows what a job draws for the front of its first plate


def defect_ranges(settings: bpy.types.PropertyGroup, kind: str) -> dict[str, Any]:
    """Return what a job draws a kind of defect from: numbers, and pairs [least, most] for sizes, place and turn."""
    params_class = KINDS[kind]
    fields = {field.name: field for field in dataclasses.fields(params_class)}
    ranges: dict[str, Any] = values_of(getattr(settings, kind), params_class)
    spread = exact(settings.defects.variation)
    for name in fields.keys() & set(SIZES) if spread > 0 else ():
        value, meta = ranges[name], fields[name].metadata
        ranges[name] = [max(value * (1 - spread), meta["low"]), min(value * (1 + spread), meta["high"])]
    plate = params_of(settings.plate, PlateParams)
    for name, extent in zip(PLACES, (plate.width, plate.height), strict=True):
        reach = max(extent / 2 - plate.border, 0.0)
        ranges[name] = [-reach, reach]
    return ranges | {name: list(pair) for name, pair in TURNS.items() if name in fields}


def drawn_defects(settings: bpy.types.PropertyGroup) -> dict[str, tuple[Any, ...]]:
    """Draw the scene's defects as a job would, by their field in InspectedSurface."""
    defects = settings.defects
    return {thing.field: _drawn(thing, settings) for thing in DEFECTS if getattr(defects, thing.field)}


def _drawn(thing: Thing, settings: bpy.types.PropertyGroup) -> tuple[Any, ...]:
    count = getattr(settings.defects, thing.field)
    ranges = defect_ranges(settings, thing.ranges)
    return draw_things(thing, settings.defects.seed, PLATE, FRONT, (count, count), ranges)


def take_defects(settings: bpy.types.PropertyGroup, job: Mapping[str, Any]) -> None:
    """Set the defects as a checked job says: as many as on the middle plate of its last split, of middling sizes."""
    spreads = [0.0]
    for thing in DEFECTS:
        given, group = job.get(thing.ranges, {}), getattr(settings, thing.ranges)
        for field in dataclasses.fields(KINDS[thing.ranges]):
            value = given.get(field.name, field.default)
            pair = value if isinstance(value, list) else [value, value]
            setattr(group, field.name, sum(pair) / 2)
            if field.name in SIZES and sum(pair) > 0:
                spreads.append((pair[1] - pair[0]) / sum(pair))
        counts = job["splits"][-1].get(thing.field, (0, 0)) if job["splits"] else (0, 0)
        setattr(settings.defects, thing.field, sum(counts) // 2)
    settings.defects.variation = max(spreads)
    settings.defects.seed = job.get("seeds", {}).get("defect", 0)
