"""One LabelMe annotation: its image and its shapes, checked."""

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
from numpy.typing import NDArray

from training.data.shape_pixels import Pixels, circle_pixels, polygon_pixels, rectangle_pixels, stroke_pixels
from training.support.user_error import UserError

SCHEMA = Path(__file__).resolve().parents[2] / "conf" / "schemas" / "labelme.schema.json"
NO_INSTANCE = "no instance"
"""The flag of a shape that has a class but no instance."""
IGNORED = "ignore"
"""The label of ignored pixels in an export."""
_LEAST = {"polygon": 3, "rectangle": 2, "circle": 2, "line": 2, "linestrip": 2, "mask": 2}
_MOST = {"rectangle": 2, "circle": 2, "line": 2, "point": 1, "mask": 2}
_CORNERS = 4
_SLACK = 1.0  # pixels: LabelMe allows points on the edge, older versions slightly beyond it
_FAR, _FAR_SHARE = 5.0, 0.02  # pixels, and share of the longer side: beyond both a shape belongs to another image


@dataclass(frozen=True)
class Shape:
    """A shape in an image: points (N, 2) as x, y; ``mask`` holds the pixels of the box of a shape_type mask."""

    label: str
    kind: str
    points: NDArray[np.float64]
    group_id: int | None
    is_instance: bool
    mask: Pixels | None

    def pixels(self, size: tuple[int, int], line_width: float, point_width: float) -> Pixels:
        """Return the pixels (H, W) that the shape covers; widths [pixels] apply to lines and points."""
        if self.mask is not None:
            covered = np.zeros(size, dtype=bool)
            left, top = self.points.min(axis=0).astype(int)
            covered[top : top + self.mask.shape[0], left : left + self.mask.shape[1]] = self.mask
            return covered
        if self.kind == "polygon":
            return polygon_pixels(self.points, size)
        if self.kind == "rectangle":
            return rectangle_pixels(self.points, size)
        if self.kind == "circle":
            return circle_pixels(self.points, size)
        if self.kind in ("line", "linestrip"):
            return stroke_pixels(self.points, line_width, size)
        return np.any([stroke_pixels(point[None], point_width, size) for point in self.points], axis=0)


@dataclass(frozen=True)
class Annotation:
    """A LabelMe file's shapes, its image's (height, width), and what a user should know about them."""

    path: Path
    size: tuple[int, int]
    shapes: tuple[Shape, ...]
    notes: tuple[str, ...] = ()


def read_document(path: Path) -> dict[str, Any]:
    """Read a LabelMe file and validate it against the schema. Raises UserError."""
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} cannot be read as LabelMe's JSON: it is not UTF-8 (byte {error.start}); save it as UTF-8, for "
            f"instance with: iconv -f cp1252 -t utf-8 {path.name}"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as LabelMe's JSON: {error}") from error
    first = jsonschema.exceptions.best_match(_VALIDATOR.iter_errors(document))
    if first is not None:
        raise UserError(f"{path} is not a LabelMe annotation: {first.json_path}: {first.message[:200]}")
    return dict(document)


def recorded_size(document: dict[str, Any]) -> tuple[int, int] | None:
    """Return the (height, width) that a LabelMe file records for its image, or None."""
    height, width = document.get("imageHeight"), document.get("imageWidth")
    return None if height is None or width is None else (height, width)


def annotation_of(path: Path, document: dict[str, Any], size: tuple[int, int]) -> Annotation:
    """Return the shapes of a LabelMe file that was drawn on an image of this (height, width).

    A shape that reaches a little beyond the image is clipped, with a note. Raises UserError, naming the shape, for
    malformed shapes and for points far outside the image.
    """
    shapes, notes = [], []
    for number, entry in enumerate(document["shapes"], start=1):
        shape, note = _shape(path, number, entry, size)
        shapes.append(shape)
        notes += [note] if note else []
    return Annotation(path, size, tuple(shapes), tuple(notes))


def embedded_image(path: Path, document: dict[str, Any]) -> bytes:
    """Return the image that is embedded in a LabelMe file. Raises UserError if there is none."""
    if not document.get("imageData"):
        raise UserError(f"{path}: its image {document['imagePath']} is neither beside it nor embedded (imageData)")
    return _decoded(path, "imageData", document["imageData"])


def _shape(path: Path, number: int, shape: dict[str, Any], size: tuple[int, int]) -> tuple[Shape, str | None]:
    kind, points = shape.get("shape_type") or "polygon", np.array(shape["points"], dtype=np.float64)
    where = f"{path}: shape {number} ({kind} {shape['label']!r})"
    if kind == "rotation" or (kind == "rectangle" and len(points) == _CORNERS):  # boxes of other versions
        kind = "polygon"
    least, most = _LEAST.get(kind, 1), _MOST.get(kind)
    if len(points) < least or (most is not None and len(points) > most):
        wanted = f"at least {least}" if most is None else f"{least}"
        raise UserError(f"{where} has {len(points)} points; it needs {wanted}; draw it again in LabelMe")
    if not np.isfinite(points).all():
        raise UserError(f"{where} has a point that is not a number")
    note = _reach(where, kind, points, size)
    instance = not (shape.get("flags") or {}).get(NO_INSTANCE, False)
    mask = _box_mask(where, path, shape, points, size) if kind == "mask" else None
    return Shape(shape["label"], kind, points, shape.get("group_id"), instance, mask), note


def _reach(where: str, kind: str, points: NDArray[np.float64], size: tuple[int, int]) -> str | None:
    """Return a note for a shape that reaches a little beyond the image. Raises UserError for one far outside."""
    height, width = size
    reaching = points[:1] if kind == "circle" else points  # a circle's rim may lie outside the image
    beyond = np.maximum(-reaching, reaching - np.array([width, height])).max(axis=1)
    worst = int(beyond.argmax())
    x, y = reaching[worst]
    if beyond[worst] > max(_FAR, _FAR_SHARE * max(size)) or beyond.min() > _SLACK:
        raise UserError(
            f"{where} lies outside the image: point ({x:g}, {y:g}), but the image is {width} x {height}; "
            "was it drawn on another image?"
        )
    if beyond[worst] > _SLACK:
        return f"{where} reaches {beyond[worst]:g} pixels beyond the image, to ({x:g}, {y:g}), and is clipped"
    return None


def _box_mask(
    where: str, path: Path, shape: dict[str, Any], points: NDArray[np.float64], size: tuple[int, int]
) -> Pixels:
    """Decode the pixels of a shape_type mask; its points are the first and the last pixel of its box."""
    png = _decoded(path, "mask", shape.get("mask") or "")
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE) if png else None
    (left, top), (right, bottom) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
    box = (bottom - top + 1, right - left + 1)
    fits = left >= 0 and top >= 0 and right < size[1] and bottom < size[0]
    if pixels is None or pixels.shape != box or not fits:
        raise UserError(f"{where}: its mask is not a PNG of its box's {box[1]} x {box[0]} pixels inside the image")
    return np.asarray(pixels > 0)


def _decoded(path: Path, field: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError(f"{path}: {field} is not base64: {error}") from error


_VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
