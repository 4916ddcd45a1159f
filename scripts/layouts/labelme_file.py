"""One LabelMe annotation: its image and its shapes, checked."""

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import cv2
import jsonschema
import numpy as np
from numpy.typing import NDArray

from scripts.layouts.shape_pixels import Pixels, circle_pixels, polygon_pixels, rectangle_pixels, stroke_pixels
from training.data.image_file import IMAGE_SUFFIXES
from training.support.user_error import UserError

SCHEMA = Path(__file__).resolve().parents[2] / "conf" / "schemas" / "labelme.schema.json"
NO_INSTANCE = "no instance"
"""The flag of a shape that has a class but no instance."""
IGNORED = "ignore"
"""The label of ignored pixels in an export."""
_LEAST = {"polygon": 3, "rectangle": 2, "circle": 2, "line": 2, "linestrip": 2, "mask": 2}
_MOST = {"rectangle": 2, "circle": 2, "line": 2, "point": 1, "mask": 2}
_SLACK = 1.0  # pixels: LabelMe allows points on the edge, older versions slightly beyond it


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
    """A LabelMe file's shapes and its image's (height, width)."""

    path: Path
    size: tuple[int, int]
    shapes: tuple[Shape, ...]


def read_annotation(path: Path) -> Annotation:
    """Read the shapes of a LabelMe file.

    Raises UserError, naming the shape, for malformed shapes and for points outside the image.
    """
    document = _document(path)
    size = (document["imageHeight"], document["imageWidth"])
    shapes = tuple(_shape(path, number, shape, size) for number, shape in enumerate(document["shapes"], start=1))
    return Annotation(path, size, shapes)


def image_beside(path: Path, root: Path) -> Path | None:
    """Return the image file that a LabelMe file names, or None if it does not exist below ``root``.

    It is searched beside the LabelMe file, then at imagePath.
    """
    named = PureWindowsPath(_document(path)["imagePath"])  # understands / and \\
    for candidate in (path.parent / named.name, path.parent.joinpath(*named.parts)):
        inside = candidate.resolve().is_relative_to(root.resolve())
        if inside and candidate.suffix.lower() in IMAGE_SUFFIXES and candidate.is_file():
            return candidate
    return None


def embedded_image(path: Path) -> bytes:
    """Return the image that is embedded in a LabelMe file. Raises UserError if there is none."""
    document = _document(path)
    if not document.get("imageData"):
        raise UserError(f"{path}: its image {document['imagePath']} is neither beside it nor embedded (imageData)")
    return _decoded(path, "imageData", document["imageData"])


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as LabelMe's JSON: {error}") from error
    first = jsonschema.exceptions.best_match(_VALIDATOR.iter_errors(document))
    if first is not None:
        raise UserError(f"{path} is not a LabelMe annotation: {first.json_path}: {first.message[:200]}")
    return dict(document)


def _shape(path: Path, number: int, shape: dict[str, Any], size: tuple[int, int]) -> Shape:
    kind, points = shape["shape_type"], np.array(shape["points"], dtype=np.float64)
    where = f"{path}: shape {number} ({kind} {shape['label']!r})"
    least, most = _LEAST.get(kind, 1), _MOST.get(kind)
    if len(points) < least or (most is not None and len(points) > most):
        wanted = f"at least {least}" if most is None else f"{least}"
        raise UserError(f"{where} has {len(points)} points; it needs {wanted}; draw it again in LabelMe")
    if not np.isfinite(points).all():
        raise UserError(f"{where} has a point that is not a number")
    height, width = size
    reaching = points[:1] if kind == "circle" else points  # a circle's rim may lie outside the image
    outside = ((reaching < -_SLACK) | (reaching > np.array([width, height]) + _SLACK)).any(axis=1)
    if outside.any():
        x, y = reaching[outside][0]
        raise UserError(
            f"{where} lies outside the image: point ({x:g}, {y:g}), but the image is {width} x {height}; "
            "was it drawn on another image?"
        )
    instance = not (shape.get("flags") or {}).get(NO_INSTANCE, False)
    mask = _box_mask(where, path, shape, points, size) if kind == "mask" else None
    return Shape(shape["label"], kind, points, shape.get("group_id"), instance, mask)


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
