"""A scene's picture and masks as files, to the bit what a headless job writes of the same settings."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy

from .annotation import labels
from .picture_file import read_floats
from .png import without_metadata, write_grey_png
from .whole_file import part_path, write_whole

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


def picture_steps(scene: bpy.types.Scene, annotation: bpy.types.Scene, folder: Path) -> Generator[Still, None, Path]:
    """Yield the stills of a picture and its masks, to be rendered one by one; return the picture's path.

    The files are folder/images, masks and instances/<next free number>.png and appear after the last still; closed
    before, nothing appears. Raises NothingRenderedError where a still was not rendered, OSError if a file cannot be
    written, ValueError if the annotation is none.
    """
    number = next_number(folder)
    image, mask, instances = (folder / name / f"{number:06d}.png" for name in FOLDERS)
    for path in (image, mask, instances):
        path.parent.mkdir(parents=True, exist_ok=True)
    part, floats = part_path(image), part_path(mask.with_suffix(".exr"))
    try:
        with _png_output(scene):
            yield from _rendered(Still("picture", scene, part))
        yield from _rendered(Still("masks", annotation, floats))
        ids, numbered, _ = labels(read_floats(floats))
        picture = without_metadata(part.read_bytes())
    finally:
        part.unlink(missing_ok=True)
        floats.unlink(missing_ok=True)
    write_grey_png(mask, ids)
    write_grey_png(instances, numbered)
    write_whole(image, picture)  # last: the number counts as taken when all is there
    return image


def _rendered(still: Still) -> Iterator[Still]:
    yield still
    if not still.target.exists():
        raise NothingRenderedError(f"the {still.words} was not rendered; nothing is written")


@contextmanager
def _png_output(scene: bpy.types.Scene) -> Iterator[None]:
    """Let a scene write 8-bit RGB PNG, whatever its artist renders into otherwise."""
    settings = scene.render.image_settings
    output = [(scene.render, name) for name in ("filepath", "use_file_extension")]
    formats = [(settings, name) for name in ("media_type", "file_format", "color_mode", "color_depth")]
    kept = [(owner, name, getattr(owner, name)) for owner, name in output + formats if hasattr(owner, name)]
    if hasattr(settings, "media_type"):  # from Blender 5.0
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGB", "8"
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)
