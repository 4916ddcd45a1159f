"""The rows of the Dataset panel for plates of each split, and for a dataset that is rendered beside the window."""

import bpy

from ..dataset_process import current
from ..dataset_process.runner import MISSING, runner_script
from ..operators.open_results import STAINLESS_OT_open_folder, STAINLESS_OT_open_picture
from ..operators.render_dataset import STAINLESS_OT_render_dataset
from ..operators.stop_dataset import STAINLESS_OT_stop_dataset
from ..settings.dataset_folder import is_in_home
from .drawing import paragraph

SPLITS = ("train", "validation", "test")
PICTURE_SCALE = 7.0  # of the last picture, in icons
HOUR, MINUTE = 3600, 60


def draw_folder(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Draw the folder, and where it is in a file that was never saved."""
    layout.prop(settings.dataset, "folder")
    if is_in_home(settings):
        layout.label(text="In your home folder until you save", icon="INFO")


def draw_results(layout: bpy.types.UILayout) -> None:
    """Draw the buttons that open the newest picture and its folder."""
    row = layout.row(align=True)
    row.operator(STAINLESS_OT_open_picture.bl_idname, icon="IMAGE_DATA")
    row.operator(STAINLESS_OT_open_folder.bl_idname, icon="FILE_FOLDER")


def draw_splits(layout: bpy.types.UILayout, dataset: bpy.types.PropertyGroup) -> None:
    """Draw the number of plates of each split, and the switch of its stains beside it."""
    column = layout.column(align=True)
    column.label(text="Plates, and Stains on Them")
    for split in SPLITS:
        row = column.row(align=True)
        row.prop(dataset, split)
        row.prop(dataset, f"{split}_stains", text="", icon="MATFLUID")


def draw_process(layout: bpy.types.UILayout) -> None:
    """Draw the button that renders the dataset, or the progress of one that is being rendered."""
    if runner_script() is None:
        paragraph(layout, MISSING, "ERROR")
        return
    state = current.progress()
    if not current.is_running():
        layout.operator(STAINLESS_OT_render_dataset.bl_idname, icon="RENDER_ANIMATION")
    elif state:
        row = layout.row(align=True)
        row.progress(factor=state.part, text=progress_words(state.done, state.total, state.seconds_left))
        row.operator(STAINLESS_OT_stop_dataset.bl_idname, text="", icon="CANCEL")
    if state is None:
        return
    if state.ended:
        paragraph(layout.column(align=True), state.message, "CHECKMARK" if state.complete else "INFO")
    icon = current.last_picture_icon()
    if icon:
        layout.template_icon(icon_value=icon, scale=PICTURE_SCALE)


def progress_words(done: int, total: int, seconds: float | None) -> str:
    """Return the progress as the words of a bar: "3 of 14, 2 min left"."""
    if not total:
        return "Blender starts"
    if seconds is None:
        return f"{done} of {total}"
    if seconds >= HOUR:
        left = f"{seconds / HOUR:.1f} h"
    else:
        left = f"{seconds / MINUTE:.0f} min" if seconds >= MINUTE else f"{seconds:.0f} s"
    return f"{done} of {total}, {left} left"
