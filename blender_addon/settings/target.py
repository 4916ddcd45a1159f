"""The target of panels and operators: the active material's stains, or those of an inspection scene's plate."""

import bpy

from ..own_objects.stain_layer import is_stained


def stain_owner(context: bpy.types.Context) -> bpy.types.Material | bpy.types.Scene | None:
    """Return the active material if it has stains, else the scene if it is an inspection scene, else None."""
    material = stained_material(context)
    if material:
        return material
    return context.scene if is_inspection(context.scene) else None


def stained_material(context: bpy.types.Context) -> bpy.types.Material | None:
    """Return the active material if it has stains that can be edited, else None."""
    obj = context.object if hasattr(context, "object") else None
    material = obj.active_material if obj else None
    return material if material and not material.library and is_stained(material) else None


def chosen_owners(context: bpy.types.Context) -> list[bpy.types.Material | bpy.types.Scene]:
    """Return `existing_owner` and, if it is a material, all other stained materials of the selected objects."""
    first = existing_owner(context)
    if isinstance(first, bpy.types.Scene):
        return [first]
    slots = [slot.material for obj in context.selected_objects for slot in obj.material_slots]
    others = [each for each in slots if each and each != first and not each.library and is_stained(each)]
    return [first, *dict.fromkeys(others)]


def existing_owner(context: bpy.types.Context) -> bpy.types.Material | bpy.types.Scene:
    """Return `stain_owner` of a context in which `poll` has found one. Raises LookupError if there is none."""
    owner = stain_owner(context)
    if owner is None:
        raise LookupError("neither the active material nor the scene has stains")
    return owner


def existing_material(context: bpy.types.Context) -> bpy.types.Material:
    """Return `stained_material` of a context in which `poll` has found one. Raises LookupError if there is none."""
    material = stained_material(context)
    if material is None:
        raise LookupError("the active material has no stains")
    return material


def is_inspection(scene: bpy.types.Scene) -> bool:
    """Return whether the scene was made by "Add Inspection Scene"."""
    return scene.stainless.version > 0
