"""What happens when a setting changes: what belongs to it follows at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bpy

from ..own_objects.stain_layer import is_stained, update_layer
from ..water_stain.params import WaterStainParams
from ..water_stain.shading import StainShadingParams
from . import live_scene
from .description import description_of
from .properties import params_of
from .target import is_inspection

Owner = bpy.types.Scene | bpy.types.Material


def apply_material(material: bpy.types.Material) -> None:
    """Write a material's settings onto its layer of stains. Raises ValueError where they contradict each other."""
    stain = material.stainless.stain
    unit = bpy.context.scene.unit_settings.scale_length
    update_layer(material, params_of(stain, WaterStainParams), params_of(stain, StainShadingParams), unit)


def apply_owner(owner: Owner) -> None:
    """Bring everything that the settings are about in step with them. Raises ValueError as above."""
    if isinstance(owner, bpy.types.Material):
        apply_material(owner)
    elif is_inspection(owner):
        live_scene.apply_all(owner)


def apply_owner_stain(owner: Owner) -> None:
    """Bring stains in step with their settings. Raises ValueError as above."""
    if isinstance(owner, bpy.types.Material):
        apply_material(owner)
    elif is_inspection(owner):
        live_scene.apply_stain(owner)


def problem_of(owner: Owner) -> str | None:
    """Return what is wrong with settings, in words; None if they are applied."""
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
    """Apply once what is set inside the `with` block, not after every property. Raises ValueError as above."""
    owner.stainless.hold = True
    try:
        yield
    finally:
        owner.stainless.hold = False
    apply(owner)


def stain_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Follow a property of the stain's texture."""
    _follow(group.id_data, live_scene.apply_stain)


def shading_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Follow a property of what stains do to the metal."""
    _follow(group.id_data, live_scene.apply_surface)


surface_changed = shading_changed


def light_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Follow a property of the light."""
    _follow(group.id_data, live_scene.apply_light)


def camera_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Follow a property of the camera."""
    _follow(group.id_data, live_scene.apply_camera)


def placement_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Follow a property of where camera and light are held."""
    _follow(group.id_data, live_scene.apply_placement)


def picture_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Follow a property of the picture."""
    _follow(group.id_data, live_scene.apply_picture)


def _follow(owner: Owner, apply_part: Callable[[bpy.types.Scene], None]) -> None:
    """Settings that contradict each other are not applied; the panel says why (`problem_of`)."""
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
