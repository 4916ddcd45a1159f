"""Pictures in folders whose names Blender would take for a template or a path beside the blend file."""

import os
from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

import bpy

from blender_addon.pictures.render import read_floats, render_file

pytestmark = pytest.mark.blender

NAMES = ["{x}", "{blend_name}", "{{frame}}", "p##q", "p%03d", "{", "}", "größe, [a]=b"]


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=False)
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 8
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    return scene


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_lands_under_its_name_and_nowhere_else(scene, tmp_path, monkeypatch, name):
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    target = tmp_path / name / f"{name}.exr"
    target.parent.mkdir()
    render_file(scene, target)
    assert files(tmp_path) == [f"{name}/{name}.exr"]
    assert read_floats(target).shape == (8, 8, 4)


@pytest.mark.skipif(os.name == "nt", reason="// names a server on Windows")
def test_two_slashes_are_the_root_of_the_disk(scene, tmp_path, monkeypatch):
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    render_file(scene, Path(f"/{tmp_path}/picture.exr"))
    assert files(tmp_path) == ["picture.exr"]
    assert read_floats(Path(f"/{tmp_path}/picture.exr")).shape == (8, 8, 4)
