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
