"""The UV map that a bake writes into: the object's own, or a new one without overlaps."""

import math

import bpy
import numpy as np

NEW_MAP = "Stainless Bake"
ISLAND_MARGIN = 0.02  # of the picture, between two islands
SHARP = math.radians(66.0)  # the surface is cut along edges that turn by more
OUTSIDE = 1e-4  # by which a map may reach beyond the picture


def baked_map(context: bpy.types.Context, obj: bpy.types.Object, new: bool) -> str:
    """Return the name of the UV map to bake into; make one if `new` is set or the object has none.

    Raises ValueError, with what to do, if the object's own map reaches beyond the picture.
    """
    maps = obj.data.uv_layers
    if maps and not new:
        name = str(maps.active.name)
        uvs = np.empty(2 * len(obj.data.loops), np.float32)
        maps.active.data.foreach_get("uv", uvs)
        if len(uvs) and (uvs.min() < -OUTSIDE or uvs.max() > 1 + OUTSIDE):
            raise ValueError(
                f"the UV map {name!r} of {obj.name!r} reaches beyond the picture, so parts of the surface would share "
                "its pixels; switch New UV Map on"
            )
        return name
    if NEW_MAP in maps:
        return NEW_MAP
    made = maps.new(name=NEW_MAP)
    if made is None:
        raise ValueError(f"{obj.name!r} has no place for another UV map; remove one of its maps")
    name, before = made.name, maps.active_index
    maps.active = made
    _unwrap(context, obj)
    if before != maps.active_index and len(maps) > 1:
        maps.active_index = before
    return str(name)


def _unwrap(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Unwrap all faces of an object into its active map; selection and active object are as before afterwards."""
    layer = context.view_layer
    selected, active = [each for each in layer.objects if each.select_get()], layer.objects.active
    for each in selected:
        each.select_set(False)
    layer.objects.active = obj
    obj.select_set(True)
    try:
        bpy.ops.object.mode_set(mode="EDIT")
        bpy.ops.mesh.reveal(select=False)
        bpy.ops.mesh.select_all(action="SELECT")
        bpy.ops.uv.smart_project(angle_limit=SHARP, island_margin=ISLAND_MARGIN)
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        obj.select_set(False)
        for each in selected:
            each.select_set(True)
        layer.objects.active = active
