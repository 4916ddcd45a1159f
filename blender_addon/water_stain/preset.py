"""Presets of stains: JSON files with the parameters of a stain's look."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..definitions.parameter import Params, defaults_of
from .params import WaterStainParams
from .shading import StainShadingParams

SUFFIX = ".json"
FORMAT, VERSION = "stainless-stain-preset", 1
KEPT = {
    "seed_offset",
    "explicit_centre",
    "centre_x",
    "centre_y",
    "centre_z",
}  # the places of stains, which presets keep
ROOM = 1.01  # least cell size, in reaches of a stain
CLASSES = (WaterStainParams, StainShadingParams)
FOLDER = Path(__file__).resolve().parent.parent / "presets" / "stainless"


def shipped_presets() -> dict[str, Path]:
    """Return the files of the presets that come with Stainless, by name and in the order of their names."""
    return {path.stem: path for path in sorted(FOLDER.glob(f"*{SUFFIX}"))}


def preset_text(values: dict[str, float]) -> str:
    """Return the text of a preset file with those parameter values, by name, that make the look."""
    looks = {name: value for name, value in values.items() if name not in KEPT}
    return json.dumps({"format": FORMAT, "version": VERSION, "stain": looks}, indent=1) + "\n"


def default_look() -> dict[str, float]:
    """Return the parameters of the look without a preset, by name."""
    defaults = {name: value for each in CLASSES for name, value in defaults_of(each).items()}
    return {name: value for name, value in defaults.items() if name not in KEPT}


def read_preset(path: Path) -> dict[str, float]:
    """Return a preset's parameters by name; omitted ones have their defaults.

    Raises ValueError with a message for an invalid preset, OSError for an unreadable file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is not a preset: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("stain"), dict):
        raise ValueError(f"{path.name} is not a preset of stains")
    if content.get("version") != VERSION:
        raise ValueError(f"{path.name} is of version {content.get('version')}; this Stainless reads {VERSION}")
    given = content["stain"]
    looks = default_look()
    if unknown := sorted(given.keys() - looks.keys()):
        raise ValueError(f"{path.name} has unknown parameters: {', '.join(unknown)}")
    values = {**looks, **given}
    for each in CLASSES:
        _check(each, values, path.name)
    return values


def enlarged(looks: Mapping[str, float], factor: float) -> dict[str, float]:
    """Return a look with all its lengths multiplied by `factor` and all its frequencies divided by it."""
    units = {field.name: field.metadata["unit"] for each in CLASSES for field in dataclasses.fields(each)}
    factors = {"m": factor, "1/m": 1 / factor}
    scaled = {name for name in looks if name not in KEPT and units[name] in factors}
    return {name: value * factors[units[name]] if name in scaled else value for name, value in looks.items()}


def fitted_to_body(looks: Mapping[str, float]) -> dict[str, float]:
    """Return a plate's look with the cell size and presence that cover as much of a body's surface.

    A plate cuts one layer of cells. The centres of its stains lie at depths from 0 to t G, where t is the depth jitter
    and G the cell size, so a stain of radius r covers pi (r^2 - z^2) at depth z. A body, with t = 1, cuts its cells
    anywhere; each covers 4/3 pi r^3 / G^3 of the surface on average. The cell never grows, and it never becomes so
    small that stains would be cut off; in place of that, more of the cells have a stain. Long run-offs cover less of a
    body than of a plate.
    """
    params = WaterStainParams(**{name: looks[name] for name in looks if name in defaults_of(WaterStainParams)})  # type: ignore[arg-type]
    radius, cell, depth = params.radius, params.cell_size, params.depth_jitter * params.cell_size
    mean_square = radius**2 - depth**2 / 3 if depth <= radius else 2 / 3 * radius**3 / depth
    wanted = (4 / 3 * radius**3 * cell**2 / mean_square) ** (1 / 3)
    possible = min(max(wanted, params.reach * ROOM), cell)
    presence = min(params.presence * max(possible / wanted, 1.0) ** 3, 1.0)
    return {**looks, "cell_size": possible, "presence": presence}


def _check(params_class: type[Params], values: dict[str, Any], source: str) -> None:
    own = {}
    for field in dataclasses.fields(params_class):  # type: ignore[arg-type]
        if field.name in values:
            value = values[field.name]
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{source}: {field.name} = {value!r} must be a number")
            if not field.metadata["low"] <= value <= field.metadata["high"]:
                raise ValueError(f"{source}: {field.name} = {value!r} is out of range")
            own[field.name] = value
    params_class(**own)
