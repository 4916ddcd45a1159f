"""Animated settings: after a change of the frame, scenes and materials show the values of their keyframes and drivers.

Blender sets animated properties without calling their update callbacks, and for materials only in the evaluated copies
of the frame. `follow_frame` therefore takes the evaluated values over and applies them, in renders without a window,
too.
"""

import dataclasses
from collections.abc import Callable, Iterator

import bpy

from ..own_objects.stain_layer import is_stained
from ..water_stain.params import WaterStainParams
from . import live_scene
from .changes import Owner, apply_material
from .properties import ANIMATES_PARTS
from .target import is_inspection

PREFIX = "stainless."
STAIN = {field.name for field in dataclasses.fields(WaterStainParams)}
PARTS = {
    "light": live_scene.apply_light,
    "camera": live_scene.apply_camera,
    "placement": live_scene.apply_placement,
}
ONLY_STAINS = (
    "Blender 5 follows the keyframes of stains only; set the plate, its blemishes, light and camera by hand, or "
    "animate them in Blender 4.5"
)


def follow_frame(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> list[str]:
    """Apply the animated settings of a scene and of all materials; return a message for each that contradicts itself.

    Parts of an inspection scene are built anew, so its renders from now on lock Blender's interface.
    """
    problems = []
    for owner in [*bpy.data.materials, scene]:  # the scene last: its parts take their materials with them
        paths = animated_paths(owner)
        if not paths or not _follows(owner):
            continue
        _take(owner, owner.evaluated_get(depsgraph), paths)
        try:
            if isinstance(owner, bpy.types.Material):
                apply_material(owner)
            else:
                _apply_parts(owner, paths)
        except ValueError as error:
            problems.append(f"{owner.name!r}, frame {scene.frame_current}: {error}")
    return problems


def follow_edited_keyframes(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> list[str]:
    """Apply the animated settings after an edit of keyframes, which moves values without a change of the frame."""
    if not any(isinstance(update.id, bpy.types.Action) for update in depsgraph.updates):
        return []
    return follow_frame(scene, depsgraph)


def animated_paths(owner: Owner) -> set[str]:
    """Return the data paths of the owner's settings that keyframes, NLA strips or drivers set."""
    data = owner.animation_data
    if data is None:
        return set()
    actions = {data.action, *(strip.action for track in data.nla_tracks for strip in track.strips)} - {None}
    curves = [*data.drivers, *(curve for action in actions for curve in curves_of(action))]
    return {curve.data_path for curve in curves if curve.data_path.startswith(PREFIX)}


def _follows(owner: Owner) -> bool:
    return is_stained(owner) if isinstance(owner, bpy.types.Material) else is_inspection(owner)


def curves_of(action: bpy.types.Action) -> Iterator[bpy.types.FCurve]:
    """Yield the curves of an action; from Blender 5.0 they lie in its layers only."""
    if hasattr(action, "fcurves"):
        yield from action.fcurves
        return
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield from bag.fcurves


def _take(owner: Owner, evaluated: Owner, paths: set[str]) -> None:
    """Set the owner's animated settings to their evaluated values, without applying them."""
    settings = owner.stainless
    settings.hold = True
    for path in paths:
        group_path, _, name = path.rpartition(".")
        try:
            setattr(owner.path_resolve(group_path), name, getattr(evaluated.path_resolve(group_path), name))
        except (ValueError, AttributeError):
            continue  # an animated setting of another version of Stainless
    settings.hold = False


def _apply_parts(scene: bpy.types.Scene, paths: set[str]) -> None:
    parts = {_part(path) for path in paths}
    if not ANIMATES_PARTS and parts - {live_scene.apply_stain}:
        if live_scene.apply_stain in parts:
            live_scene.apply_stain(scene)
        raise ValueError(ONLY_STAINS)
    if parts - {live_scene.apply_stain} and not bpy.app.background:
        scene.render.use_lock_interface = True  # a viewport must not draw what a render exchanges
    for part in parts:
        part(scene)


def _part(path: str) -> Callable[[bpy.types.Scene], None]:
    group, _, name = path.removeprefix(PREFIX).partition(".")
    if group == "stain" and name in STAIN:
        return live_scene.apply_stain
    return PARTS.get(group, live_scene.apply_surface)
