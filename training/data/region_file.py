"""The JSON file of a region of interest: rules by name pattern."""

import json
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.shape_pixels import polygon_pixels
from training.support.user_error import UserError

FORMAT, VERSION = "stainless-region", 1
_KINDS = ("mask", "polygons", "whole")

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y) [pixels]; the upper left corner of the image is (0, 0), the centre of its first pixel (0.5, 0.5)."""


@dataclass(frozen=True)
class RegionRule:
    """A rule of a region file: the images that it is for, and one of a mask, polygons, or the whole image.

    A region file is ``{"format": "stainless-region", "version": 1, "regions": [RULE, ...]}``. The first rule whose
    pattern matches counts. A rule has these fields.
    """

    pattern: str = "*"
    """The images: ``*.png``, ``camera_1_*``, or with folders, ``test/good/*.png``. It is compared with the end of the
    image's path, upper and lower case apart. ``*`` is for all."""
    mask: Path | None = None
    """A picture of the images' size, above 0 inside; in the JSON file, its path from the file's folder."""
    polygons: tuple[Polygon, ...] = ()
    """Outlines; a pixel is inside if its centre lies within one."""
    holes: tuple[Polygon, ...] = ()
    """Outlines of what is cut out of the polygons."""
    whole: bool = False
    """True: the whole image."""
    size: tuple[int, int] | None = None
    """Width and height [pixels] of the images on which polygons were drawn."""

    def matches(self, image: str | PurePath) -> bool:
        """Return whether the rule is for an image of this path."""
        path = PurePosixPath(image.as_posix() if isinstance(image, PurePath) else image)
        return path.match(self.pattern)

    def of_size(self, size: tuple[int, int]) -> "RegionRule":
        """Return the rule for images of a width and height."""
        return replace(self, size=size)

    def drawn(self) -> NDArray[np.bool_]:
        """Return the pixels (H, W) within the polygons and not within a hole."""
        assert self.size is not None
        shape = (self.size[1], self.size[0])
        return _union(self.polygons, shape) & ~_union(self.holes, shape)


def _union(polygons: tuple[Polygon, ...], shape: tuple[int, int]) -> NDArray[np.bool_]:
    covered = np.zeros(shape, dtype=np.bool_)
    for polygon in polygons:
        covered |= polygon_pixels(np.array(polygon, dtype=np.float64), shape)
    return covered


def read_rules(path: Path, content: bytes) -> tuple[RegionRule, ...]:
    """Return the rules in a region file's content. Raises UserError, naming the file and the rule."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as a region file: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        raise UserError(f'{path} is no region file: it must hold "format": "{FORMAT}" and "version": {VERSION}')
    regions = document.get("regions")
    if not isinstance(regions, list) or not regions:
        raise UserError(f'{path}: "regions" must be a list of rules, and not empty')
    return tuple(_rule(path, f"{path}: rule {number}", entry) for number, entry in enumerate(regions, start=1))


def _rule(path: Path, where: str, entry: Any) -> RegionRule:
    if not isinstance(entry, dict):
        raise UserError(f"{where} must be an object with a pattern and one of {', '.join(_KINDS)}")
    unknown = sorted(set(entry) - {"pattern", "size", "holes", *_KINDS})
    if unknown:
        raise UserError(f"{where}: {unknown[0]!r} is unknown; a rule has pattern, mask, polygons, holes, size, whole")
    given = [kind for kind in _KINDS if kind in entry]
    pattern = entry.get("pattern", "*")
    if len(given) != 1 or not isinstance(pattern, str) or not pattern:
        raise UserError(f"{where} must have a pattern and exactly one of {', '.join(_KINDS)}")
    if given == ["polygons"]:
        size = _size(where, entry.get("size"))
        polygons, holes = (_polygons(f"{where}: {name}", entry.get(name, []), size) for name in ("polygons", "holes"))
        if not polygons:
            raise UserError(f"{where}: polygons must not be empty")
        return RegionRule(pattern, polygons=polygons, holes=holes, size=size)
    if "size" in entry or "holes" in entry:
        raise UserError(f"{where}: size and holes belong to polygons")
    if given == ["whole"]:
        if entry["whole"] is not True:
            raise UserError(f"{where}: whole can only be true")
        return RegionRule(pattern, whole=True)
    if not isinstance(entry["mask"], str) or not entry["mask"]:
        raise UserError(f"{where}: mask must be the path of a picture")
    mask = PurePosixPath(entry["mask"])
    if mask.is_absolute() or ".." in mask.parts:
        raise UserError(f"{where}: the mask {mask} must lie in the folder of the region file, or below")
    return RegionRule(pattern, mask=path.parent / mask)


def _size(where: str, given: Any) -> tuple[int, int]:
    if not (isinstance(given, list) and len(given) == 2 and all(type(side) is int and side > 0 for side in given)):
        raise UserError(f"{where}: polygons need the size of their images: size: [width, height]")
    return given[0], given[1]


def _polygons(where: str, given: Any, size: tuple[int, int]) -> tuple[Polygon, ...]:
    if not isinstance(given, list):
        raise UserError(f"{where} must be a list of polygons")
    return tuple(_polygon(f"{where}, number {number}", points, size) for number, points in enumerate(given, start=1))


def _polygon(where: str, points: Any, size: tuple[int, int]) -> Polygon:
    if not isinstance(points, list) or len(points) < 3:
        raise UserError(f"{where} must be a list of at least three points [x, y]")
    corners = []
    for point in points:
        numbers = isinstance(point, list) and len(point) == 2 and all(type(value) in (int, float) for value in point)
        if not numbers or not all(0 <= value <= side for value, side in zip(point, size, strict=True)):
            raise UserError(f"{where}: {point!r} is no point [x, y] within the image of {size[0]} x {size[1]} pixels")
        corners.append((float(point[0]), float(point[1])))
    return tuple(corners)
