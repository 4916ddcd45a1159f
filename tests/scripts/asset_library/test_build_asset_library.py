"""The asset library: what an artist finds in the asset browser, and what the extension's panels can do with it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

import bpy

from blender_addon.assets import library
from blender_addon.blemishes.kinds import reliefs
from blender_addon.metals.group import FINISHES
from blender_addon.own_objects.stain_layer import STAIN, is_stained, layer_nodes
from blender_addon.water_stain.group import water_stain_group
from blender_addon.water_stain.preset import shipped_presets
from blender_addon.water_stain.sections import SECTIONS

pytestmark = [pytest.mark.blender, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A library, built by the command."""
    out = tmp_path_factory.mktemp("assets") / "library"
    command = [sys.executable, "scripts/build_asset_library.py", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert f"{out / 'stainless.blend'}: 17 assets" in done.stdout
    assert sorted(path.name for path in out.iterdir()) == ["blender_assets.cats.txt", "stainless.blend"]
    assert [path.name for path in out.parent.iterdir()] == ["library"]
    return out


@pytest.fixture
def assets(built):
    """The assets, appended to an empty file with the extension switched on."""
    import blender_addon

    bpy.ops.wm.read_factory_settings(use_empty=True)
    blender_addon.register()
    with bpy.data.libraries.load(str(built / "stainless.blend"), assets_only=True) as (held, taken):
        taken.materials, taken.node_groups = list(held.materials), list(held.node_groups)
    yield [*taken.materials, *taken.node_groups]
    blender_addon.unregister()


def test_every_look_metal_and_blemish_is_an_asset_with_a_picture(assets, built):
    names = {asset.name for asset in assets}
    assert {f"{name.replace('_', ' ')} on Metal" for name in shipped_presets()} <= names
    assert {f"{name.title()} Metal" for name in FINISHES} <= names
    assert {f"Stainless {kind.name.title()}" for kind, _ in reliefs()} <= names
    catalogs = (built / "blender_assets.cats.txt").read_text().splitlines()
    known = {row.split(":")[0] for row in catalogs if row.count(":") == 2}
    assert len(known) == 3
    pictures = {}
    for asset in assets:
        data = asset.asset_data
        assert data.catalog_id in known
        assert data.description
        assert data.license == "GPL-3.0-or-later"
        assert len(data.tags) >= 2
        if asset.preview and tuple(asset.preview.image_size) != (0, 0):
            pixels = np.empty(256 * 256 * 4, np.float32)
            asset.preview.image_pixels_float.foreach_get(pixels)
            pictures[asset.name] = pixels
    assert len(pictures) == 15  # position and surface are helpers of the stain
    assert all(picture[::4].std() > 0.02 for picture in pictures.values())


def test_the_panels_edit_a_material_from_the_library(assets):
    (material,) = (asset for asset in assets if asset.name == "Fresh Drops on Metal")
    assert is_stained(material)
    material.stainless.stain.radius = 0.0031
    (node,) = layer_nodes(material.node_tree, STAIN)
    assert node.inputs["Radius"].default_value == pytest.approx(0.0031)
    assert node.node_tree == water_stain_group()  # the file's own group is used again


def test_the_stains_inputs_are_in_panels(assets):
    items = water_stain_group().interface.items_tree
    panels = [item for item in items if item.item_type == "PANEL"]
    assert [panel.name for panel in panels] == list(SECTIONS)
    held = [item.name for item in items if item.item_type == "SOCKET" and item.parent.name in SECTIONS]
    assert len(held) == sum(len(names) for names in SECTIONS.values())
    loose = [item.name for item in items if item.item_type == "SOCKET" and item.parent.name not in SECTIONS]
    assert {"Radius", "Cell Size", "Position", "Mask"} <= set(loose)
    assert len(loose) < 15


def test_the_extension_registers_the_library_once(built, monkeypatch):
    libraries = bpy.context.preferences.filepaths.asset_libraries
    before = [each.name for each in libraries]
    monkeypatch.setattr(library, "FOLDER", built)
    monkeypatch.setattr(library, "FILE", built / "stainless.blend")
    library.register_library()
    library.register_library()
    assert [each.name for each in libraries] == [*before, "Stainless"]
    assert Path(libraries[-1].path) == built
    library.unregister_library()
    assert [each.name for each in libraries] == before
