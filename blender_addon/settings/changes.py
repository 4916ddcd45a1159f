"""Update callbacks of settings, which apply a changed setting to the scene or material at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import bpy

from ..own_objects.stain_layer import is_stained, update_layer
from ..water_stain.params import WaterStainParams
from ..water_stain.shading import StainShadingParams
from . import live_scene
from .description import description_of
from .properties import params_of
from .target import is_inspection

Owner: TypeAlias = bpy.types.Scene | bpy.types.Material


def apply_material(material: bpy.types.Material) -> None:
    """Apply a material's settings to its layer of stains. Raises ValueError if they contradict each other."""
    stain = material.stainless.stain
    unit = bpy.context.scene.unit_settings.scale_length
    parameters = params_of(stain, WaterStainParams), params_of(stain, StainShadingParams)
    further = [tuple(each.centre) for each in material.stainless.further]
    update_layer(material, *parameters, unit, material.stainless.differ, further)


def apply_owner(owner: Owner) -> None:
    """Apply all settings of a material or an inspection scene. Raises ValueError as above."""
    if isinstance(owner, bpy.types.Material):
        apply_material(owner)
    elif is_inspection(owner):
        live_scene.apply_all(owner)


def apply_owner_stain(owner: Owner) -> None:
    """Apply the stain settings of a material or an inspection scene. Raises ValueError as above."""
    if isinstance(owner, bpy.types.Material):
        apply_material(owner)
    elif is_inspection(owner):
        live_scene.apply_stain(owner)


def problem_of(owner: Owner) -> str | None:
    """Return the contradiction in the settings as a message; None if there is none."""
    try:
        if isinstance(owner, bpy.types.Material):
            params_of(owner.stainless.stain, WaterStainParams)
        else:
            description_of(owner.stainless)
    except ValueError as error:
        return str(error)
    return None


@contextmanager
def one_change(owner: Owner, apply: Callable[[Owner], None] = apply_owner) -> Iterator[None]:
    """Apply changes once, at the end of the `with` block, not after every property. Raises ValueError as above."""
    owner.stainless.hold = True
    try:
        yield
    finally:
        owner.stainless.hold = False
    apply(owner)


def stain_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Apply a change of the stain's texture."""
    _apply_change(group.id_data, live_scene.apply_stain)


def shading_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Apply a change of the surface or of the stain's shading."""
    _apply_change(group.id_data, live_scene.apply_surface)


surface_changed = shading_changed


def light_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Apply a change of the light."""
    _apply_change(group.id_data, live_scene.apply_light)


def camera_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Apply a change of the camera."""
    _apply_change(group.id_data, live_scene.apply_camera)


def placement_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Apply a change of the placement of camera and light."""
    _apply_change(group.id_data, live_scene.apply_placement)


def picture_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Apply a change of the picture."""
    _apply_change(group.id_data, live_scene.apply_picture)


def _apply_change(owner: Owner, apply_part: Callable[[bpy.types.Scene], None]) -> None:
    """Apply a part unless its settings contradict each other, which the panel reports (`problem_of`)."""
    if owner.stainless.hold:
        return
    try:
        if isinstance(owner, bpy.types.Material):
            if is_stained(owner):
                apply_material(owner)
        elif is_inspection(owner):
            apply_part(owner)
    except ValueError:
        return
