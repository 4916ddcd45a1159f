"""The file of the asset library."""

import tempfile
from pathlib import Path

import bpy
from rich.progress import track

import blender_addon
from scripts.asset_library.contents import AUTHOR, LICENSE, Asset, all_assets, catalog_id, write_catalogs
from scripts.asset_library.thumbnails import render_ball, render_plate
from scripts.rendering.discarded_output import discarded_output


def build_library(folder: Path, name: str) -> int:
    """Build the library in a new folder; return the number of its assets. Raises OSError."""
    folder.mkdir(parents=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    blender_addon.register()
    try:
        assets = list(all_assets())
        with tempfile.TemporaryDirectory() as pictures:
            for number, asset in enumerate(track(assets, "Pictures of the assets")):
                with discarded_output():
                    _mark(asset, Path(pictures) / f"{number}.png")
        write_catalogs(folder)
        blocks = {asset.data for asset in assets}
        bpy.data.libraries.write(str((folder / name).absolute()), blocks, fake_user=True, compress=True)
        return len(blocks)
    finally:
        blender_addon.unregister()


def _mark(asset: Asset, picture: Path) -> None:
    asset.data.asset_mark()
    data = asset.data.asset_data
    data.catalog_id = catalog_id(asset.catalog)
    data.description, data.author, data.license = asset.description, AUTHOR, LICENSE
    for tag in asset.tags:
        data.tags.new(tag)
    if asset.subject is None:
        return
    if isinstance(asset.subject, bpy.types.Material):
        render_ball(asset.subject, picture)
    else:
        render_plate(asset.subject, picture)
    with bpy.context.temp_override(id=asset.data):
        bpy.ops.ed.lib_id_load_custom_preview(filepath=str(picture))
