"""A scene's picture and masks as files, to the bit what a headless job writes of the same settings."""

from pathlib import Path

import bpy

from .annotation import labels
from .picture_file import render_file, render_floats
from .png import without_metadata, write_grey_png
from .whole_file import part_path, write_whole

FOLDERS = ("images", "masks", "instances")  # of a dataset, too


def next_number(folder: Path) -> int:
    """Return the number of the next picture in a folder: one more than the greatest there, 0 in an empty one."""
    numbers = [int(path.stem) for path in (folder / FOLDERS[0]).glob("*.png") if path.stem.isdigit()]
    return max(numbers, default=-1) + 1


def write_pictures(scene: bpy.types.Scene, annotation: bpy.types.Scene, folder: Path) -> Path:
    """Render a scene and its annotation into folder/images, masks and instances; return the picture's path.

    The number of the files is the next free one. Raises RuntimeError with Blender's words if a render fails, OSError
    if a file cannot be written, ValueError if the annotation is none.
    """
    number = next_number(folder)
    image, mask, instances = (folder / name / f"{number:06d}.png" for name in FOLDERS)
    for path in (image, mask, instances):
        path.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(image)
    kept = scene.render.filepath, scene.render.use_file_extension
    try:
        render_file(scene, part)
        ids, numbered, _ = labels(render_floats(annotation, part_path(mask.with_suffix(".exr"))))
        picture = without_metadata(part.read_bytes())
    finally:
        part.unlink(missing_ok=True)
        scene.render.filepath, scene.render.use_file_extension = kept
    write_grey_png(mask, ids)
    write_grey_png(instances, numbered)
    write_whole(image, picture)  # last: the number counts as taken when all is there
    return image
