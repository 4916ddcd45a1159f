"""A scene's picture, class mask and instance mask as files.

Every program writes its pictures this way: the artist's operator, the headless job and the benchmark. Equal settings
therefore make equal bytes.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..annotation.plate_pass import labels
from ..inspection.lens import Development
from .files import PictureFiles
from .png import without_metadata, write_grey_png, write_rgb_png
from .render import read_floats, read_picture, render_file
from .whole_file import part_path, write_whole

PNG = {"media_type": "IMAGE", "file_format": "PNG", "color_mode": "RGB", "color_depth": "8"}
FLOATS = {**PNG, "file_format": "OPEN_EXR", "color_mode": "RGBA", "color_depth": "32", "exr_codec": "ZIP"}


@dataclass(frozen=True)
class Masks:
    """Class ids, uint8 (H, W); instance ids, uint16 (H, W); the (class id, key) of instance k at index k - 1."""

    classes: np.ndarray
    instances: np.ndarray
    found: list[tuple[int, int]]


Judgement = Callable[[np.ndarray, Masks], Masks]  # the 8-bit picture (H, W, 3) and its masks to the masks to write


@dataclass(frozen=True)
class Still:
    """A still picture to be rendered: its name in messages, its scene and its file."""

    name: str
    scene: bpy.types.Scene
    target: Path


class NothingRenderedError(RuntimeError):
    """A still was not rendered, because Blender failed or the user stopped it."""


def picture_steps(
    scene: bpy.types.Scene,
    annotation: bpy.types.Scene,
    files: PictureFiles,
    develop: Development | None = None,
    check: Callable[[], None] | None = None,
    judge: Judgement | None = None,
) -> Generator[Still, None, Masks]:
    """Yield the stills of a picture and its masks, to be rendered one by one; write the files; return the masks.

    The files appear after the last still. None appears if the generator is closed earlier. `develop` makes the 8-bit
    picture from the linear one; without it, Blender does. `check` is called before the first file gets its name and
    may raise. `judge` sees picture and masks and returns the masks to write. Raises NothingRenderedError if a still was
    not rendered, OSError if a file cannot be written, ValueError if the annotation pass does not hold whole numbers.
    """
    for path in (files.image, files.mask, files.instances):
        path.parent.mkdir(parents=True, exist_ok=True)
    part, floats = part_path(files.image), part_path(files.mask.with_suffix(".exr"))
    try:
        with _output(scene, FLOATS if develop else PNG):
            yield from _rendered(Still("Picture", scene, part))
        yield from _rendered(Still("Masks", annotation, floats))
        masks = Masks(*labels(read_floats(floats)))
        if check:
            check()
        pixels = develop(read_floats(part)[..., :3]) if develop else None
        if judge:
            masks = judge(read_picture(part) if pixels is None else pixels, masks)
        write_image = _image_writer(part, pixels)
    finally:
        part.unlink(missing_ok=True)
        floats.unlink(missing_ok=True)
    write_masks(masks, files)
    write_image(files.image)  # last: a number counts as taken once its image exists
    return masks


def _image_writer(part: Path, pixels: np.ndarray | None) -> Callable[[Path], None]:
    """Return the function that writes the final image: the developed pixels, or else the rendered file's content."""
    if pixels is not None:
        return lambda path: write_rgb_png(path, pixels)
    content = without_metadata(part.read_bytes())
    return lambda path: write_whole(path, content)


def write_masks(masks: Masks, files: PictureFiles) -> None:
    """Write the class mask and the instance mask."""
    write_grey_png(files.mask, masks.classes)
    write_grey_png(files.instances, masks.instances)


def render_picture(
    scene: bpy.types.Scene,
    annotation: bpy.types.Scene,
    files: PictureFiles,
    develop: Development | None = None,
    check: Callable[[], None] | None = None,
    judge: Judgement | None = None,
) -> Masks:
    """Render a picture and its masks into their files; see `picture_steps`. Raises RuntimeError if a render fails."""
    steps = picture_steps(scene, annotation, files, develop, check, judge)
    try:
        while True:
            still = next(steps)
            render_file(still.scene, still.target)
    except StopIteration as end:
        return end.value
    finally:
        steps.close()


def render_only_picture(scene: bpy.types.Scene, target: Path, develop: Development | None = None) -> None:
    """Render a picture without masks into a file, as `render_picture` renders its picture.

    Raises RuntimeError if the render fails, OSError if the file cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_path(target)
    try:
        with _output(scene, FLOATS if develop else PNG):
            render_file(scene, part)
        _image_writer(part, develop(read_floats(part)[..., :3]) if develop else None)(target)
    finally:
        part.unlink(missing_ok=True)


def _rendered(still: Still) -> Iterator[Still]:
    yield still
    if not still.target.exists():
        raise NothingRenderedError(f"{still.name} not rendered; nothing is written")


@contextmanager
def _output(scene: bpy.types.Scene, wanted: dict[str, str]) -> Iterator[None]:
    """Set a scene's output format within the `with` block; restore the artist's format and path afterwards."""
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
