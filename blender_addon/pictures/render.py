"""Rendering of a scene into a file with an exact name, and reading of float pictures."""

from pathlib import Path

import bpy
import numpy as np

TEMPLATES_SINCE = (4, 5, 0)  # Blender replaces {blend_name} and the like in the names of pictures from then on


def exact_name(path: Path) -> str:
    """Return a path for Blender that means this file: a leading // would be relative to the blend file."""
    absolute = str(path.absolute())
    return "/" + absolute.lstrip("/") if absolute.startswith("//") else absolute


def exact_render_name(path: Path) -> str:
    """Return the same for a scene's render.filepath, in which Blender replaces names in braces."""
    name = exact_name(path)
    return name.replace("{", "{{").replace("}", "}}") if bpy.app.version >= TEMPLATES_SINCE else name


def aim(scene: bpy.types.Scene, target: Path) -> None:
    """Set `target` as the exact file name of the scene's next still picture."""
    target.unlink(missing_ok=True)  # a file that a killed render left must not count as the new one
    scene.render.use_file_extension = False
    scene.render.filepath = exact_render_name(target)


def render_file(scene: bpy.types.Scene, target: Path) -> None:
    """Render a scene into `target`, under that name exactly. Raises RuntimeError if Blender writes no file."""
    aim(scene, target)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    if not target.exists():
        raise RuntimeError(f"Blender wrote no picture {target}")


def render_floats(scene: bpy.types.Scene, target: Path) -> np.ndarray:
    """Render a scene that writes 32-bit OpenEXR; return float32 (H, W, 4), first row on top."""
    render_file(scene, target)
    pixels = read_floats(target)
    target.unlink()
    return pixels


def read_floats(path: Path) -> np.ndarray:
    """Read a 32-bit OpenEXR, or a PNG of 8 bits as 0..1; return float32 (H, W, 4), first row on top."""
    image = bpy.data.images.load(exact_name(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1]


def read_picture(path: Path) -> np.ndarray:
    """Read a picture of 8 bits; return uint8 (H, W, 3), first row on top."""
    return np.rint(255 * read_floats(path)[..., :3]).astype(np.uint8)
