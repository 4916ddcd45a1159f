"""Registration and unregistration of the extension."""

from collections.abc import Callable

import bpy
from bpy.app.handlers import persistent

from .assets.library import register_library, unregister_library
from .dataset_process import current
from .operators import (
    add_inspection_scene,
    add_stains,
    bake_stains,
    copy_stains,
    correct_unit,
    export_job,
    forget_job,
    import_job,
    load_preset,
    open_results,
    pick_centre,
    preview_mask,
    randomise,
    remove_picked,
    remove_stains,
    render_dataset,
    render_to_folder,
    save_preset,
    set_light,
    set_ranges,
    stop_dataset,
)
from .panels import material_tab, sidebar
from .panels.legend import free_legend
from .panels.menus import ENTRIES
from .panels.presets import BUILT_IN
from .settings import groups
from .settings.animation import follow_edited_keyframes, follow_frame
from .settings.migration import migrate_file

CLASSES = (
    *groups.CLASSES,
    add_inspection_scene.STAINLESS_OT_add_inspection_scene,
    add_stains.STAINLESS_OT_add_stains,
    remove_stains.STAINLESS_OT_remove_stains,
    bake_stains.STAINLESS_OT_bake_stains,
    copy_stains.STAINLESS_OT_copy_stains,
    correct_unit.STAINLESS_OT_correct_unit,
    pick_centre.STAINLESS_OT_pick_centre,
    remove_picked.STAINLESS_OT_remove_picked,
    randomise.STAINLESS_OT_randomise,
    set_ranges.STAINLESS_OT_set_ranges,
    preview_mask.STAINLESS_OT_preview_mask,
    set_light.STAINLESS_OT_set_light,
    render_to_folder.STAINLESS_OT_render_to_folder,
    render_dataset.STAINLESS_OT_render_dataset,
    stop_dataset.STAINLESS_OT_stop_dataset,
    open_results.STAINLESS_OT_open_picture,
    open_results.STAINLESS_OT_open_folder,
    export_job.STAINLESS_OT_export_job,
    import_job.STAINLESS_OT_import_job,
    forget_job.STAINLESS_OT_forget_job,
    load_preset.STAINLESS_OT_load_preset,
    save_preset.STAINLESS_OT_save_preset,
    *sidebar.CLASSES,
    *material_tab.CLASSES,
)
SETTINGS = {
    bpy.types.Scene: groups.STAINLESS_SceneSettings,
    bpy.types.Material: groups.STAINLESS_MaterialSettings,
}


@persistent
def _migrate(*_: object) -> None:
    for problem in migrate_file():
        print(f"Stainless: {problem}")


@persistent
def _follow_frame(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    for problem in follow_frame(scene, depsgraph):
        print(f"Stainless: {problem}")


@persistent
def _follow_keyframes(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    for problem in follow_edited_keyframes(scene, depsgraph):
        print(f"Stainless: {problem}")


def register() -> None:
    """Register classes, settings, presets, menu entries and file handlers."""
    for each in CLASSES:
        bpy.utils.register_class(each)
    for owner, settings in SETTINGS.items():
        owner.stainless = bpy.props.PointerProperty(type=settings)
    bpy.utils.register_preset_path(str(BUILT_IN))
    for menu, draw in ENTRIES.items():
        getattr(bpy.types, menu).append(draw)
    for handlers, function in _handlers():
        handlers.append(function)
    register_library()


def unregister() -> None:
    """Unregister everything in reverse order; a dataset that is being rendered stops."""
    current.clear()
    free_legend()
    unregister_library()
    for handlers, function in _handlers():
        handlers.remove(function)
    for menu, draw in ENTRIES.items():
        getattr(bpy.types, menu).remove(draw)
    bpy.utils.unregister_preset_path(str(BUILT_IN))
    for owner in SETTINGS:
        del owner.stainless
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)


def _handlers() -> list[tuple[list, Callable]]:
    """Return the lists of handlers and their functions, for files, frames and, from Blender 4.3, appended data."""
    lists = bpy.app.handlers
    handlers = [
        (lists.load_post, _migrate),
        (lists.frame_change_post, _follow_frame),
        (lists.depsgraph_update_post, _follow_keyframes),
    ]
    if hasattr(lists, "blend_import_post"):
        handlers.append((lists.blend_import_post, _migrate))
    return handlers
