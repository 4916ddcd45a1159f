"""Conversion of parameter definitions into Blender properties, and of properties into parameters.

A property holds metres and radians, as files do. If the scene's unit is not the metre, panels draw the companion
property `<name>_shown` in millimetres, because Blender would interpret metres as scene units.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import bpy
import numpy as np

from ..definitions.parameter import defaults_of
from ..nodes.group_interface import socket_label

Params = TypeVar("Params")
Update = Callable[[bpy.types.PropertyGroup, bpy.types.Context], None]

SHOWN = "_shown"
MILLIMETRES = 1000.0  # in a metre
SWITCH = (0, 1)  # the range of an integer that is shown as a checkbox
DRAG_SPAN = 5.0  # soft limit of a field, in defaults
DRAG_LENGTH = 0.1  # metres; soft limit if the default is 0
UNIT_WORDS = {"m": "", "1/m": " (1/m)", "rad": "", "1": "", "count": ""}


def property_group(name: str, parts: Iterable[tuple[type, Update]], animated: bool = True) -> type:
    """Return a PropertyGroup class with a property for every field of the dataclasses in `parts`.

    A part is (dataclass, update callback of its properties). `animated` allows keyframes, which `animation` follows.
    """
    properties = {}
    options = {"ANIMATABLE"} if animated else set()
    for params_class, update in parts:
        defaults = defaults_of(params_class)
        for field in dataclasses.fields(params_class):
            properties[field.name] = _property(field, defaults[field.name], update, options)
            if field.metadata["unit"] == "m":
                properties[field.name + SHOWN] = _shown_property(field, defaults[field.name])
    return type(name, (bpy.types.PropertyGroup,), {"__annotations__": properties})


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
        "name": socket_label(field.name) + UNIT_WORDS[meta["unit"]],
        "description": _tooltip(field),
        "default": default,
        "update": update,
        "options": options,
    }
    low, high = meta["low"], meta["high"]
    if meta["unit"] == "count":
        if (low, high) == SWITCH:
            return bpy.props.BoolProperty(**{**common, "default": bool(default)})
        return bpy.props.IntProperty(**common, min=low, max=high)
    return bpy.props.FloatProperty(**common, min=low, max=high, **_drag(meta["unit"], default, low, high))


def _drag(unit: str, default: float, low: float, high: float) -> dict[str, Any]:
    """Return the display options of a number: subtype, soft limits, precision and drag step.

    A drag step is a hundredth of the default per pixel. Blender's `step` is in hundredths; its default of 3 would be
    30 mm per pixel.
    """
    limit, step = DRAG_SPAN * abs(default), abs(default)
    if unit == "m":
        limit, step = limit or DRAG_LENGTH, step or DRAG_LENGTH / 2
        soft_low = max(low, -limit) if low < 0 else low
        return {
            "subtype": "DISTANCE",
            "soft_min": soft_low,
            "soft_max": min(high, limit),
            "step": step,
            "precision": 4,
        }
    if unit == "rad":
        turn = {"soft_min": max(low, -math.pi), "soft_max": min(high, math.pi)}
        return {"subtype": "ANGLE", "step": 100 * math.radians(0.5), **turn}
    if unit == "1" and high <= 1.0:
        return {"subtype": "FACTOR", "precision": 3}
    return {"soft_max": min(high, limit or high), "step": step or 1.0, "precision": 1 if unit == "1/m" else 3}


def _shown_property(field: dataclasses.Field, default: float) -> Any:
    """Return the companion property in millimetres; its subtype, camera length, has the same unit in every scene.

    A property in the scene's unit would have no fixed default, so that "Reset to Default Value" would fail.
    """
    name, low, high = field.name, field.metadata["low"], field.metadata["high"]

    def shown(group: bpy.types.PropertyGroup) -> float:
        return getattr(group, name) * MILLIMETRES

    def set_shown(group: bpy.types.PropertyGroup, value: float) -> None:
        setattr(group, name, min(max(value / MILLIMETRES, low), high))

    limit = MILLIMETRES * (DRAG_SPAN * abs(default) or DRAG_LENGTH)
    return bpy.props.FloatProperty(
        name=socket_label(name),
        description=_tooltip(field),
        default=MILLIMETRES * default,
        get=shown,
        set=set_shown,
        subtype="DISTANCE_CAMERA",
        soft_min=-limit if low < 0 else 0.0,
        soft_max=limit,
        step=limit / DRAG_SPAN,
        precision=4,
        options={"SKIP_SAVE"},
    )


def metres_per_unit(group: bpy.types.PropertyGroup) -> float:
    """Return the length of a scene unit in metres, for the scene that owns the group or else the active scene."""
    owner = group.id_data
    scene = owner if isinstance(owner, bpy.types.Scene) else bpy.context.scene
    return scene.unit_settings.scale_length


def _tooltip(field: dataclasses.Field) -> str:
    """Return the definition's description as a tooltip, without the full stop, which Blender adds."""
    words = field.metadata["description"]
    symbol, colon, rest = words.partition(": ")
    if colon and (len(symbol) == 1 or symbol in {"gamma", "alpha"}):
        return f"{rest[:1].upper()}{rest[1:]} ({symbol} in the paper)"
    return words[:1].upper() + words[1:]
