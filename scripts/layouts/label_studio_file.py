"""Label Studio's JSON export: tasks with polygons, rectangles, ellipses and brush masks.

Lengths are percent of the image. A brush's run lengths are those of the package @thi.ng/rle-pack: a bit stream of RGBA
values, of which the transparency is the mask.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.layouts.cvat_file import ellipse_outline, turned
from scripts.layouts.labelme_file import Shape
from training.support.user_error import UserError

_KINDS = ("brushlabels", "polygonlabels", "rectanglelabels", "ellipselabels")
_CHANNELS = 4


@dataclass(frozen=True)
class LabelStudioImage:
    """A task that somebody has finished: its image's name, (height, width) or None without shapes, and shapes."""

    name: str
    size: tuple[int, int] | None
    shapes: tuple[Shape, ...]


def read_label_studio(path: Path) -> list[LabelStudioImage]:
    """Read the finished tasks of an export. Raises UserError for another file and for malformed or unknown results."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as Label Studio's JSON: {error}") from error
    if not isinstance(document, list) or not all(isinstance(task, dict) and "data" in task for task in document):
        raise UserError(f"{path} is not Label Studio's JSON: export the project as 'JSON', not as 'JSON-MIN' or COCO")
    try:
        return [image for task in document if (image := _image(path, task)) is not None]
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise UserError(f"{path}: a value is missing or wrong: {type(error).__name__} {error}") from error


def _image(path: Path, task: dict[str, Any]) -> LabelStudioImage | None:
    name = next((str(value) for key, value in task["data"].items() if key in ("image", "img", "picture")), None)
    if name is None:
        name = next(str(value) for value in task["data"].values() if isinstance(value, str))
    finished = [entry for entry in task.get("annotations", []) if not entry.get("was_cancelled")]
    if not finished:
        return None
    if len(finished) > 1:
        raise UserError(f"{path}: task {task.get('id')} ({name}) has {len(finished)} annotations; keep one of them")
    results = [entry for entry in finished[0]["result"] if entry["type"].lower() in _KINDS]
    unknown = (
        {entry["type"] for entry in finished[0]["result"]}
        - {entry["type"] for entry in results}
        - {"choices", "labels"}
    )
    where = f"{path}: task {task.get('id')} ({name})"
    if unknown:
        raise UserError(f"{where}: results of the kind {min(unknown)} are not read; use {', '.join(_KINDS)}")
    sizes = {(int(entry["original_height"]), int(entry["original_width"])) for entry in results}
    if len(sizes) > 1:
        raise UserError(f"{where}: its results were drawn on images of several sizes")
    return LabelStudioImage(name, sizes.pop() if sizes else None, tuple(_shapes(where, results)))


def _shapes(where: str, results: list[dict[str, Any]]) -> Iterator[Shape]:
    for entry in results:
        value, kind = entry["value"], entry["type"].lower()
        height, width = int(entry["original_height"]), int(entry["original_width"])
        if entry.get("image_rotation"):
            raise UserError(f"{where}: the image was turned while it was labelled; turn the file instead")
        labels = value.get(kind) or []
        if len(labels) != 1:
            raise UserError(f"{where}: a result has {len(labels)} labels; it needs one")
        scale = np.array([width, height]) / 100
        mask: NDArray[np.bool_] | None = None
        if kind == "brushlabels":
            mask = brush_pixels(value["rle"], (height, width), where)
            points = np.array([[0, 0], [width - 1, height - 1]], dtype=np.float64)
        elif kind == "polygonlabels":
            points = np.array(value["points"], dtype=np.float64).reshape(-1, 2) * scale
        elif kind == "rectanglelabels":
            low = np.array([value["x"], value["y"]]) * scale
            side = np.array([value["width"], value["height"]]) * scale
            corners = low + side * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
            points = turned(corners, float(value.get("rotation", 0)), low)  # about the first corner
        else:
            centre = np.array([value["x"], value["y"]]) * scale
            half = np.array([value["radiusX"], value["radiusY"]]) * scale
            points = turned(ellipse_outline(centre, half[0], half[1]), float(value.get("rotation", 0)), centre)
        if not np.isfinite(points).all() or (mask is None and len(points) < 3):
            raise UserError(f"{where}: a {labels[0]} has fewer than three points, or one that is not a number")
        yield Shape(str(labels[0]), "polygon" if mask is None else "mask", points, None, True, mask)


def brush_pixels(packed: list[int], size: tuple[int, int], where: str) -> NDArray[np.bool_]:
    """Return the pixels (H, W) of a brush. Raises UserError for run lengths of another size or that end too early."""
    try:
        numbers = np.array(packed, dtype=np.int64)
        if ((numbers < 0) | (numbers > 255)).any():
            raise ValueError("not bytes")
        values = _unpacked(numbers.astype(np.uint8))
    except (ValueError, OverflowError, IndexError) as error:
        raise UserError(f"{where}: a brush's run lengths are damaged") from error
    if len(values) != size[0] * size[1] * _CHANNELS:
        raise UserError(f"{where}: a brush has {len(values) // _CHANNELS} pixels, but the image {size[0] * size[1]}")
    return np.asarray(values.reshape(*size, _CHANNELS)[..., 3] > 0)


def _unpacked(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the values of a packed array.

    The stream has 32 bits of length, 5 of the word's size, 4 of each of four sizes of counts; then blocks: a bit that
    says whether a value repeats, two that choose the count's size, the count less one, and the value, or as many.
    """
    bits = np.unpackbits(packed)
    place = 0

    def take(count: int) -> int:
        nonlocal place
        if place + count > len(bits):
            raise ValueError("the stream has ended")
        number = int("".join(map(str, bits[place : place + count])), 2)
        place += count
        return number

    length = take(32)
    word = take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    if length > 2**31 or word > 8:
        raise ValueError("no image is so large")
    parts: list[NDArray[np.uint8]] = []
    filled = 0
    weights = 1 << np.arange(word)[::-1]
    while filled < length:
        repeats = take(1)
        count = take(sizes[take(2)]) + 1
        taken = 1 if repeats else count
        own = bits[place : place + taken * word]
        if len(own) < taken * word:
            raise ValueError("the stream has ended")
        place += taken * word
        values = (own.reshape(taken, word) * weights).sum(axis=1).astype(np.uint8)
        parts.append(np.repeat(values, count) if repeats else values)
        filled += count
    return np.concatenate(parts)[:length] if parts else np.zeros(0, np.uint8)
