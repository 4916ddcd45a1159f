"""Whose stains the panels and operators are about: the active material's, or the plate's of an inspection scene."""

import bpy

from ..own_objects.stain_layer import is_stained


def stain_owner(context: bpy.types.Context) -> bpy.types.Material | bpy.types.Scene | None:
    """Return the active material if it has stains, else the scene if it is for inspection, else None."""
    material = stained_material(context)
    if material:
        return material
    return context.scene if is_inspection(context.scene) else None


def stained_material(context: bpy.types.Context) -> bpy.types.Material | None:
    """Return the active material if it has stains that may be edited."""
    obj = context.object if hasattr(context, "object") else None
    material = obj.active_material if obj else None
    return material if material and not material.library and is_stained(material) else None


def is_inspection(scene: bpy.types.Scene) -> bool:
    """Return whether the scene was made by "Add Inspection Scene"."""
    return scene.stainless.version > 0
