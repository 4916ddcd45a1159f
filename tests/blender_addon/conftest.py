from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def bpy():
    """An empty Blender."""
    module = pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")
    module.ops.wm.read_factory_settings(use_empty=True)
    return module


@pytest.fixture
def render_float(bpy, tmp_path):
    """Render a scene to OpenEXR; return float32 (H, W, 4), first row on top."""

    def render(scene) -> np.ndarray:
        scene.render.image_settings.file_format = "OPEN_EXR"
        scene.render.image_settings.color_depth = "32"
        scene.render.image_settings.color_mode = "RGBA"
        target = Path(tmp_path) / "picture.exr"
        scene.render.filepath = str(target)
        bpy.ops.render.render(write_still=True, scene=scene.name)
        image = bpy.data.images.load(str(target), check_existing=False)
        image.colorspace_settings.name = "Non-Color"
        pixels = np.empty(image.size[0] * image.size[1] * 4, np.float32)
        image.pixels.foreach_get(pixels)
        pixels = pixels.reshape(image.size[1], image.size[0], 4)[::-1]
        bpy.data.images.remove(image)
        return pixels

    return render


@pytest.fixture
def addon(bpy):
    """An empty Blender with the add-on switched on."""
    import blender_addon

    blender_addon.register()
    yield bpy
    blender_addon.unregister()


@pytest.fixture
def inspection(addon):
    """The inspection scene that the operator makes, small enough to render in no time; it is the window's scene."""
    assert addon.ops.stainless.add_inspection_scene() == {"FINISHED"}
    scene = addon.context.window.scene
    assert scene.name == "Inspection"
    picture = scene.stainless.picture
    picture.width, picture.height, picture.samples = 122, 102, 2
    return scene
