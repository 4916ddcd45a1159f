"""Operators: open the last picture, or the folder of the pictures, in the system's own programs."""

from pathlib import Path

import bpy

from ..dataset_process import current
from ..pictures.files import FOLDERS
from ..settings.dataset_folder import dataset_folder


def results_folder(settings: bpy.types.PropertyGroup) -> Path:
    """Return the folder of the last dataset if one was rendered, else the folder of the Dataset panel."""
    progress = current.progress()
    return progress.dataset if progress else dataset_folder(settings)


def last_picture(settings: bpy.types.PropertyGroup) -> Path | None:
    """Return the newest picture of the last dataset or in the folder of the Dataset panel; None if there is none."""
    progress = current.progress()
    if progress and progress.last_picture:
        return progress.last_picture
    pictures = (dataset_folder(settings) / FOLDERS["image"]).glob("*.png")
    return max(pictures, key=lambda path: path.stat().st_mtime, default=None)


class STAINLESS_OT_open_picture(bpy.types.Operator):
    """Open the newest picture in the program that your system has for pictures"""

    bl_idname = "stainless.open_picture"
    bl_label = "Open Picture"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open the newest picture."""
        picture = last_picture(context.scene.stainless)
        if picture is None:
            folder = dataset_folder(context.scene.stainless)
            self.report({"WARNING"}, f"There is no picture in {folder} yet; click Render Picture and Masks first")
            return {"CANCELLED"}
        return open_path(self, picture)


class STAINLESS_OT_open_folder(bpy.types.Operator):
    """Open the folder of the pictures in your system's file manager"""

    bl_idname = "stainless.open_folder"
    bl_label = "Open Folder"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open the folder."""
        folder = results_folder(context.scene.stainless)
        if not folder.is_dir():
            self.report({"WARNING"}, f"There is no folder {folder} yet; the first render makes it")
            return {"CANCELLED"}
        return open_path(self, folder)


def open_path(operator: bpy.types.Operator, path: Path) -> set[str]:
    """Open a file or a folder in the system's own program; report its path if the system has none."""
    try:
        bpy.ops.wm.path_open(filepath=str(path))
    except (RuntimeError, OSError):
        operator.report({"WARNING"}, f"This system has no program that opens it: {path}")
        return {"CANCELLED"}
    operator.report({"INFO"}, f"Opened {path}")
    return {"FINISHED"}
