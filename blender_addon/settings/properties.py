"""Blender properties made of parameter definitions, and parameters read back from them: numbers live once.

A property holds metres and radians, as files do. In a scene whose unit is not the metre, panels draw its twin
`<name>_shown` in millimetres: Blender would take the metres for the scene's units.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import bpy
import numpy as np

from ..nodes.group_interface import socket_label

Params = TypeVar("Params")
Update = Callable[[bpy.types.PropertyGroup, bpy.types.Context], None]

SHOWN = "_shown"
MILLIMETRES = 1000.0  # in a metre
SWITCH = (0, 1)  # the range of a whole number that is a yes or a no
DRAG_SPAN = 5.0  # defaults that dragging across a field goes through
DRAG_LENGTH = 0.1  # metres, where the default is 0
UNIT_WORDS = {"m": "", "1/m": " (1/m)", "rad": "", "1": "", "count": ""}


def property_group(name: str, parts: Iterable[tuple[type, Update]], **more: Any) -> type:
    """Return a PropertyGroup class with a property for every field of the dataclasses in `parts`, and `more`.

    A part is (dataclass, what to call when one of its properties changes).
    """
    properties = dict(more)
    for params_class, update in parts:
        for field in dataclasses.fields(params_class):
            properties[field.name] = _property(field, update)
            if field.metadata["unit"] == "m":
                properties[field.name + SHOWN] = _shown_property(field)
    return type(name, (bpy.types.PropertyGroup,), {"__annotations__": properties})


def params_of(group: bpy.types.PropertyGroup, params_class: type[Params]) -> Params:
    """Read a dataclass off a property group. Raises ValueError, in words, where its values contradict each other."""
    return params_class(**values_of(group, params_class))


def values_of(group: bpy.types.PropertyGroup, params_class: type) -> dict[str, float]:
    """Return the values of a dataclass's properties by field name, cut to their ranges."""
    values = {}
    for field in dataclasses.fields(params_class):
        value, low, high = getattr(group, field.name), field.metadata["low"], field.metadata["high"]
        is_default = np.float32(value) == np.float32(field.default)
        values[field.name] = field.default if is_default else min(max(exact(value), low), high)
    return values


def set_values(group: bpy.types.PropertyGroup, values: dict[str, float]) -> None:
    """Write values by field name."""
    for name, value in values.items():
        setattr(group, name, value)


def exact(value: float) -> float:
    """Return a property's 32-bit number as the shortest decimal that means it: 0.02, not 0.019999999552965164."""
    if isinstance(value, (bool, int)):
        return int(value)
    return float(str(np.float32(value)))


def _property(field: dataclasses.Field, update: Update) -> Any:
    meta = field.metadata
    common: dict[str, Any] = {
        "name": socket_label(field.name) + UNIT_WORDS[meta["unit"]],
        "description": _tooltip(field),
        "default": field.default,
        "update": update,
    }
    low, high = meta["low"], meta["high"]
    if meta["unit"] == "count":
        if (low, high) == SWITCH:
            return bpy.props.BoolProperty(**{**common, "default": bool(field.default)})
        return bpy.props.IntProperty(**common, min=low, max=high)
    return bpy.props.FloatProperty(**common, min=low, max=high, **_drag(meta["unit"], field.default, low, high))


def _drag(unit: str, default: float, low: float, high: float) -> dict[str, Any]:
    """How a number is shown, how far dragging takes it, and how fast: by a hundredth of its default a pixel.

    Blender's `step` counts in hundredths; its own, 3, would be 30 mm a pixel.
    """
    reach, step = DRAG_SPAN * abs(default), abs(default)
    if unit == "m":
        reach, step = reach or DRAG_LENGTH, step or DRAG_LENGTH / 2
        soft_low = max(low, -reach) if low < 0 else low
        return {
            "subtype": "DISTANCE",
            "soft_min": soft_low,
            "soft_max": min(high, reach),
            "step": step,
            "precision": 4,
        }
    if unit == "rad":
        turn = {"soft_min": max(low, -math.pi), "soft_max": min(high, math.pi)}
        return {"subtype": "ANGLE", "step": 100 * math.radians(0.5), **turn}
    if unit == "1" and high <= 1.0:
        return {"subtype": "FACTOR", "precision": 3}
    return {"soft_max": min(high, reach or high), "step": step or 1.0, "precision": 1 if unit == "1/m" else 3}


def _shown_property(field: dataclasses.Field) -> Any:
    """Return the twin in millimetres, which Blender shows as such in any scene: its kind of length is that of lenses.

    A twin in the scene's unit would have no fixed default, and so "Reset to Default Value" would set nonsense.
    """
    name, low, high = field.name, field.metadata["low"], field.metadata["high"]

    def shown(group: bpy.types.PropertyGroup) -> float:
        return getattr(group, name) * MILLIMETRES

    def set_shown(group: bpy.types.PropertyGroup, value: float) -> None:
        setattr(group, name, min(max(value / MILLIMETRES, low), high))

    reach = MILLIMETRES * (DRAG_SPAN * abs(field.default) or DRAG_LENGTH)
    return bpy.props.FloatProperty(
        name=socket_label(name),
        description=_tooltip(field),
        default=MILLIMETRES * field.default,
        get=shown,
        set=set_shown,
        subtype="DISTANCE_CAMERA",
        soft_min=-reach if low < 0 else 0.0,
        soft_max=reach,
        step=reach / DRAG_SPAN,
        precision=4,
        options={"SKIP_SAVE"},
    )


def metres_per_unit(group: bpy.types.PropertyGroup) -> float:
    """Return how many metres a unit of the scene is: of the scene that owns the group, or the one on screen."""
    owner = group.id_data
    scene = owner if isinstance(owner, bpy.types.Scene) else bpy.context.scene
    return scene.unit_settings.scale_length


def _tooltip(field: dataclasses.Field) -> str:
    """The definition's words as a sentence without a full stop, which Blender adds."""
    words = field.metadata["description"]
    symbol, colon, rest = words.partition(": ")
    if colon and (len(symbol) == 1 or symbol in {"gamma", "alpha"}):
        return f"{rest[:1].upper()}{rest[1:]} ({symbol} in the paper)"
    return words[:1].upper() + words[1:]
