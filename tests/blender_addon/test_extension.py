"""The extension as a whole: what it registers, what it is made of, what is in its zip."""

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

import blender_addon
from blender_addon.inspection.camera import CameraParams
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.plate.mesh import PlateParams
from blender_addon.settings.properties import params_of
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.shading import StainShadingParams

pytestmark = pytest.mark.blender

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = tomllib.loads((ROOT / "blender_addon" / "blender_manifest.toml").read_text())


def menu_functions(menu) -> int:
    """Return the number of functions that draw a menu."""
    return len(getattr(menu.draw, "_draw_funcs", [menu.draw]))


def traces(bpy) -> dict:
    """All places where an extension may leave something."""
    return {
        "types": set(dir(bpy.types)),
        "operators": set(dir(bpy.ops.stainless)),
        "scene": set(bpy.types.Scene.bl_rna.properties.keys()),
        "material": set(bpy.types.Material.bl_rna.properties.keys()),
        "window manager": set(bpy.types.WindowManager.bl_rna.properties.keys()),
        "handlers": {
            name: len(getattr(bpy.app.handlers, name))
            for name in dir(bpy.app.handlers)
            if isinstance(getattr(bpy.app.handlers, name), list)
        },
        "menus": [menu_functions(getattr(bpy.types, name)) for name in ("VIEW3D_MT_add", "VIEW3D_MT_object")],
        "presets": set(bpy.utils.preset_paths("stainless")),
    }


def test_twenty_times_on_and_off_leaves_nothing_behind(bpy):
    before = traces(bpy)
    for _ in range(20):
        blender_addon.register()
        on = traces(bpy)
        blender_addon.unregister()
    assert traces(bpy) == before
    assert on["scene"] - before["scene"] == {"stainless"}
    assert len(on["types"] - before["types"]) >= 30
    assert len(on["presets"] - before["presets"]) == 1
    assert on["menus"] == [count + 1 for count in before["menus"]]


def test_importing_does_nothing():
    program = (
        "import bpy, sys; before = set(dir(bpy.types)), len(bpy.app.handlers.load_post)\n"
        "import blender_addon, blender_addon.inspection.scene\n"
        "assert before == (set(dir(bpy.types)), len(bpy.app.handlers.load_post))\n"
        "assert 'blender_addon.registration' not in sys.modules\n"
        "assert not hasattr(bpy.types.Scene, 'stainless')\n"
        "print('nothing')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert "nothing" in done.stdout, done.stderr


def test_fresh_settings_are_the_definitions_defaults(addon):
    scene = addon.context.scene.stainless
    material = addon.data.materials.new("m").stainless
    for group in (scene.stain, material.stain):
        assert params_of(group, WaterStainParams) == WaterStainParams()
        assert params_of(group, StainShadingParams) == StainShadingParams()
    for name, params_class in {
        "plate": PlateParams,
        "camera": CameraParams,
        "light": RingLightParams,
        "brushed_metal": BrushedMetalParams,
    }.items():
        assert params_of(getattr(scene, name), params_class) == params_class()


def test_every_control_has_a_tooltip(addon):
    from blender_addon.registration import CLASSES

    for each in CLASSES:
        if issubclass(each, addon.types.Operator):
            rna = each.bl_rna
            assert len(each.__doc__) > 20
            assert not each.__doc__.endswith(".")  # Blender adds it
            own = [p for p in rna.properties if p.identifier not in addon.types.Operator.bl_rna.properties]
        elif issubclass(each, addon.types.PropertyGroup):
            own = [p for p in each.bl_rna.properties if p.identifier not in {"rna_type", "name"}]
        else:
            continue
        bare = [p.identifier for p in own if p.type not in {"POINTER", "COLLECTION"} and not p.is_hidden]
        bare = [name for name in bare if not each.bl_rna.properties[name].description]
        assert bare in ([], ["filepath"])


def test_what_changes_the_scene_can_be_undone(addon):
    from blender_addon.registration import CLASSES

    writes_files_only = {"export_job", "render_to_folder", "save_preset"}
    writes_files_only |= {"render_dataset", "stop_dataset", "open_picture", "open_folder"}
    for each in CLASSES:
        if issubclass(each, addon.types.Operator):
            name = each.bl_idname.removeprefix("stainless.")
            assert ("UNDO" in each.bl_options) == (name not in writes_files_only)
            assert "REGISTER" in each.bl_options  # the redo panel


def test_the_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert MANIFEST["version"] == project["version"]
    assert MANIFEST["license"] == [f"SPDX:{project['license']}"]


def test_it_asks_for_files_and_nothing_else():
    assert list(MANIFEST["permissions"]) == ["files"]
    assert "wheels" not in MANIFEST


def test_the_zip_holds_the_add_on_and_the_job_runner_and_nothing_else(tmp_path):
    command = [sys.executable, "scripts/build_extension.py", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    archive = tmp_path / f"stainless-{MANIFEST['version']}.zip"
    assert done.stdout.strip() == str(archive)
    has_library = (ROOT / "blender_addon" / "assets" / "library").exists()
    assert ("has no asset library" in done.stderr) != has_library
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]
    with zipfile.ZipFile(archive) as built:
        names = {name for name in built.namelist() if not name.endswith("/")}
    committed = subprocess.run(
        ["git", "ls-files", "blender_addon", "render_jobs"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    ours = {name.removeprefix("blender_addon/") for name in committed if name.startswith("blender_addon/")}
    runner = {f"runner/{name}" for name in committed if name.startswith("render_jobs/")}
    schemas = {f"runner/conf/schemas/{name}.schema.json" for name in ("job", "dataset")}
    assert (ours - {"ruff.toml"}) | runner | schemas <= names
    names = {name for name in names if not name.startswith("assets/library/")}  # there once it was built
    assert {Path(name).suffix for name in names} <= {".py", ".json", ".toml", ".osl"}
    assert not any("__pycache__" in name or "test" in name for name in names)


def test_a_blender_that_is_not_there_is_one_clear_line(tmp_path):
    command = [sys.executable, "scripts/build_extension.py", "--blender", "/no/blender", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr.strip() == "error: there is no Blender program '/no/blender'"


def test_built_in_presets_are_whole_and_differ(addon):
    from blender_addon.water_stain.preset import read_preset

    folder = ROOT / "blender_addon" / "presets" / "stainless"
    presets = {path.stem: read_preset(path) for path in folder.glob("*.json")}
    assert set(presets) == {
        *("Fresh_Drops", "Dried_Hard-Water_Rings", "Dried_in_Stages", "Mineral_Crust", "Run-Off_Streaks"),
        *("Dense_Spray", "Faint_Film"),
    }
    assert len({json.dumps(values, sort_keys=True) for values in presets.values()}) == 7
    assert str(folder) in addon.utils.preset_paths("stainless")
