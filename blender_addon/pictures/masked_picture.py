"""A scene's picture and masks as files, to the bit what a headless job writes of the same settings."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..annotation.plate_pass import labels
from .png import without_metadata, write_grey_png, write_rgb_png
from .render import read_floats
from .whole_file import part_path, write_whole

PNG = {"media_type": "IMAGE", "file_format": "PNG", "color_mode": "RGB", "color_depth": "8"}
FLOATS = {**PNG, "file_format": "OPEN_EXR", "color_mode": "RGBA", "color_depth": "32", "exr_codec": "ZIP"}
FOLDERS = ("images", "masks", "instances")  # of a dataset, too


@dataclass(frozen=True)
class Still:
    """A still picture to be rendered: what it is, in words, of which scene, into which file."""

    words: str
    scene: bpy.types.Scene
    target: Path


class NothingRenderedError(RuntimeError):
    """A still was not rendered: Blender failed, or somebody stopped it."""


def next_number(folder: Path) -> int:
    """Return the number of the next picture in a folder: one more than the greatest there, 0 in an empty one."""
    numbers = [int(path.stem) for path in (folder / FOLDERS[0]).glob("*.png") if path.stem.isdigit()]
    return max(numbers, default=-1) + 1


def picture_steps(
    scene: bpy.types.Scene,
    annotation: bpy.types.Scene,
    folder: Path,
    develop: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Generator[Still, None, Path]:
    """Yield the stills of a picture and its masks, to be rendered one by one; return the picture's path.

    The files are folder/images, masks and instances/<next free number>.png and appear after the last still; closed
    before, nothing appears. `develop` makes the 8-bit picture, uint8 (H, W, 3), of the linear one, float32 (H, W, 3);
    without it Blender does. Raises NothingRenderedError where a still was not rendered, OSError if a file cannot be
    written, ValueError if the annotation is none.
    """
    number = next_number(folder)
    image, mask, instances = (folder / name / f"{number:06d}.png" for name in FOLDERS)
    for path in (image, mask, instances):
        path.parent.mkdir(parents=True, exist_ok=True)
    part, floats = part_path(image), part_path(mask.with_suffix(".exr"))
    try:
        with _output(scene, FLOATS if develop else PNG):
            yield from _rendered(Still("Picture", scene, part))
        yield from _rendered(Still("Masks", annotation, floats))
        ids, numbered, _ = labels(read_floats(floats))
        picture = develop(read_floats(part)[..., :3]) if develop else without_metadata(part.read_bytes())
    finally:
        part.unlink(missing_ok=True)
        floats.unlink(missing_ok=True)
    write_grey_png(mask, ids)
    write_grey_png(instances, numbered)
    write_picture = write_rgb_png if develop else write_whole
    write_picture(image, picture)  # last: the number counts as taken when all is there
    return image


def _rendered(still: Still) -> Iterator[Still]:
    yield still
    if not still.target.exists():
        raise NothingRenderedError(f"{still.words} not rendered; nothing is written")


@contextmanager
def _output(scene: bpy.types.Scene, wanted: dict[str, str]) -> Iterator[None]:
    """Let a scene write files of the wanted format, whatever its artist renders into otherwise."""
    settings = scene.render.image_settings
    wanted = {name: value for name, value in wanted.items() if hasattr(settings, name)}  # media_type: from Blender 5.0
    kept = {name: getattr(settings, name) for name in wanted}
    target = scene.render.filepath, scene.render.use_file_extension
    try:
        for name, value in wanted.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in kept.items():
            setattr(settings, name, value)
        scene.render.filepath, scene.render.use_file_extension = target
