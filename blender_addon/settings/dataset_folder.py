"""The folder of pictures and datasets that the Dataset panel names."""

from pathlib import Path

import bpy

RELATIVE = "//"  # Blender's sign for the folder of the open file


def dataset_folder(settings: bpy.types.PropertyGroup) -> Path:
    """Return the folder of the Dataset panel as an absolute path.

    A path that begins with // is relative to the open file. A file that was never saved has no folder: then the path
    is relative to the user's home folder.
    """
    folder = settings.dataset.folder
    if is_in_home(settings):
        return Path.home() / folder.removeprefix(RELATIVE)
    return Path(bpy.path.abspath(folder))


def is_in_home(settings: bpy.types.PropertyGroup) -> bool:
    """Return whether the folder lies in the home folder because the file was never saved."""
    return settings.dataset.folder.startswith(RELATIVE) and not bpy.data.filepath
