"""Conversion of parameter definitions into Blender properties, and of properties into parameters.

A property holds metres, radians and frequencies, as files do. Panels draw companion properties in millimetres: in place
of a frequency always its wavelength, `<name>_wave`, and in place of a length `<name>_shown` if the scene's unit is not
the metre, because Blender would interpret metres as scene units. Companions take no keyframes.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import bpy
import numpy as np

from ..definitions.parameter import SOFT_SPAN, defaults_of
from ..nodes.group_interface import socket_label

Params = TypeVar("Params")
Update = Callable[[bpy.types.PropertyGroup, bpy.types.Context], None]

# Blender 5 crashes if objects are exchanged while it changes the frame, as parts of an inspection scene are.
ANIMATES_PARTS = bpy.app.version < (5, 0, 0)
STILL: set[str] = set()  # options of a property that takes no keyframes, because no frame could follow it
SHOWN, WAVE = "_shown", "_wave"
MILLIMETRES = 1000.0  # in a metre
LONGEST = 1e6  # millimetres; the wavelength of frequency 0
SWITCH = (0, 1)  # the range of an integer that is shown as a checkbox
FINE = 1e-3  # metres; shorter soft ranges show six digits
MANY = 10_000  # integers beyond which a drag of one per two pixels is too slow, so that the field is a slider


def property_group(name: str, parts: Iterable[tuple[type, Update]], animated: bool = True) -> type:
    """Return a PropertyGroup class with a property for every field of the dataclasses in `parts`.

    A part is (dataclass, update callback of its properties). `animated` allows keyframes, which `animation` follows.
    """
    properties = {}
    options = {"ANIMATABLE"} if animated else STILL
    for params_class, update in parts:
        defaults = defaults_of(params_class)
        for field in dataclasses.fields(params_class):
            properties[field.name] = _property(field, defaults[field.name], update, options)
            if field.metadata["unit"] == "m":
                properties[field.name + SHOWN] = _shown_property(field, defaults[field.name])
            if field.metadata["unit"] == "1/m":
                properties[field.name + WAVE] = _wave_property(field, defaults[field.name])
    return type(name, (bpy.types.PropertyGroup,), {"__annotations__": properties})


def mixin(**properties: Any) -> Any:
    """Return a base class with properties; Blender registers them with the class that inherits them."""
    return type("_Mixin", (), {"__annotations__": properties})


def params_of(group: bpy.types.PropertyGroup, params_class: type[Params]) -> Params:
    """Return the dataclass of a property group. Raises ValueError if its values contradict each other."""
    return params_class(**values_of(group, params_class))


def values_of(group: bpy.types.PropertyGroup, params_class: type) -> dict[str, float]:
    """Return the values of a dataclass's properties by field name, clamped to their ranges."""
    values, defaults = {}, defaults_of(params_class)
    for field in dataclasses.fields(params_class):
        value, low, high = getattr(group, field.name), field.metadata["low"], field.metadata["high"]
        default = defaults[field.name]
        is_default = np.float32(value) == np.float32(default)
        values[field.name] = default if is_default else min(max(exact(value), low), high)
    return values


def set_values(group: bpy.types.PropertyGroup, values: dict[str, float]) -> None:
    """Set properties by field name."""
    for name, value in values.items():
        setattr(group, name, value)


def exact(value: float) -> float:
    """Return a property's 32-bit number as the shortest decimal that rounds to it: 0.02, not 0.019999999552965164."""
    if isinstance(value, (bool, int)):
        return int(value)
    return float(str(np.float32(value)))


def _property(field: dataclasses.Field, default: float, update: Update, options: set[str]) -> Any:
    meta = field.metadata
    common: dict[str, Any] = {
        "name": label_of(field),
        "description": meta["description"],
        "default": default,
        "update": update,
        "options": options,
    }
    (low, high), (soft_low, soft_high) = (meta["low"], meta["high"]), meta["soft"]
    limits = {"min": low, "max": high, "soft_min": soft_low, "soft_max": soft_high}
    if meta["unit"] == "count":
        if (low, high) == SWITCH:
            return bpy.props.BoolProperty(**{**common, "default": bool(default)})
        return bpy.props.IntProperty(**common, **limits, subtype="FACTOR" if soft_high > MANY else "NONE")
    return bpy.props.FloatProperty(**common, **limits, **_drag(meta["unit"], low, high, soft_low, soft_high))


def label_of(field: dataclasses.Field) -> str:
    """Return a parameter's label in panels."""
    return field.metadata["label"] or socket_label(field.name)


def _drag(unit: str, low: float, high: float, soft_low: float, soft_high: float) -> dict[str, Any]:
    """Return subtype, precision and drag step of a number.

    A drag of one pixel moves a plain field by a part of its soft range. Blender's `step` is in hundredths; its default
    of 3 would be 30 mm per pixel. Factors are sliders, whose width is the soft range.
    """
    if unit == "rad":
        return {"subtype": "ANGLE", "step": 100 * math.radians(0.5) * (soft_high - soft_low) / (2 * math.pi)}
    if unit == "1" and high - low <= 2.0:
        return {"subtype": "FACTOR", "precision": 4 if soft_high < 0.1 else 3}
    step = max(abs(soft_low), abs(soft_high)) / SOFT_SPAN
    if unit == "m":
        return {"subtype": "DISTANCE", "step": step, "precision": 6 if soft_high < FINE else 4}
    return {"step": step, "precision": 1 if unit == "1/m" else 3}


def _companion(**options: Any) -> Any:
    """Return a companion property in millimetres; its subtype, camera length, has the same unit in every scene.

    A property in the scene's unit would have no fixed default, so that "Reset to Default Value" would fail.
    """
    step = options["soft_max"] / SOFT_SPAN
    return bpy.props.FloatProperty(**options, subtype="DISTANCE_CAMERA", step=step, precision=4, options={"SKIP_SAVE"})


def _shown_property(field: dataclasses.Field, default: float) -> Any:
    name, low, high = field.name, field.metadata["low"], field.metadata["high"]

    def shown(group: bpy.types.PropertyGroup) -> float:
        return getattr(group, name) * MILLIMETRES

    def set_shown(group: bpy.types.PropertyGroup, value: float) -> None:
        setattr(group, name, min(max(value / MILLIMETRES, low), high))

    return _companion(
        name=label_of(field),
        description=field.metadata["description"],
        default=MILLIMETRES * default,
        get=shown,
        set=set_shown,
        soft_min=MILLIMETRES * field.metadata["soft"][0],
        soft_max=MILLIMETRES * field.metadata["soft"][1],
    )


def _wave_property(field: dataclasses.Field, default: float) -> Any:
    """Return the wavelength of a frequency as a property."""
    name, meta = field.name, field.metadata

    def wave(group: bpy.types.PropertyGroup) -> float:
        return min(MILLIMETRES / max(getattr(group, name), 1e-9), LONGEST)

    def set_wave(group: bpy.types.PropertyGroup, value: float) -> None:
        setattr(group, name, min(max(MILLIMETRES / max(value, 1e-9), meta["low"]), meta["high"]))

    return _companion(
        name=label_of(field),
        description=meta["wave"],
        default=MILLIMETRES / default,
        get=wave,
        set=set_wave,
        soft_min=MILLIMETRES / meta["soft"][1],
        soft_max=MILLIMETRES / meta["soft"][0],
    )


def metres_per_unit(group: bpy.types.PropertyGroup) -> float:
    """Return the length of a scene unit in metres, for the scene that owns the group or else the active scene."""
    owner = group.id_data
    scene = owner if isinstance(owner, bpy.types.Scene) else bpy.context.scene
    return scene.unit_settings.scale_length
