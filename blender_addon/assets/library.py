"""The asset library that comes with the extension, in the list of libraries of Blender's preferences."""

from pathlib import Path

import bpy

NAME = "Stainless"
FOLDER = Path(__file__).resolve().parent / "library"  # filled by scripts/build_asset_library.py
FILE = FOLDER / "stainless.blend"


def register_library() -> None:
    """Add the library to Blender's preferences, if this copy of the add-on has one and it is not there yet."""
    if FILE.exists() and _registered() is None:
        bpy.context.preferences.filepaths.asset_libraries.new(name=NAME, directory=str(FOLDER))


def unregister_library() -> None:
    """Remove the library from Blender's preferences."""
    library = _registered()
    if library is not None:
        bpy.context.preferences.filepaths.asset_libraries.remove(library)


def _registered() -> bpy.types.UserAssetLibrary | None:
    libraries = bpy.context.preferences.filepaths.asset_libraries
    return next((each for each in libraries if each.path and Path(each.path) == FOLDER), None)
