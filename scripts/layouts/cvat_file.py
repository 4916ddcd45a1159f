"""CVAT's export "CVAT for images 1.1": an XML file of images and their shapes.

https://docs.cvat.ai/docs/other/xml_format
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from scripts.layouts.labelme_file import Shape
from training.support.user_error import UserError

_STEPS = 180  # corners of the polygon of an ellipse


@dataclass(frozen=True)
class CvatImage:
    """An image of the file: its name, (height, width) and shapes."""

    name: str
    size: tuple[int, int]
    shapes: tuple[Shape, ...]


def read_cvat(path: Path) -> list[CvatImage]:
    """Read an annotations.xml. Raises UserError for another file, a video's, and a malformed or unknown shape."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise UserError(f"{path} cannot be read as CVAT's XML: {error}") from error
    if root.tag != "annotations":
        raise UserError(f"{path} is not an export of CVAT: its root is <{root.tag}>, not <annotations>")
    if root.find("track") is not None:
        raise UserError(f"{path} is CVAT's export of a video; export it as 'CVAT for images 1.1'")
    try:
        images = [_image(path, element) for element in root.iter("image")]
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(f"{path}: a value is missing or wrong: {error}") from error
    if not images:
        raise UserError(f"{path} lists no image")
    return images


def _image(path: Path, element: ElementTree.Element) -> CvatImage:
    name, size = element.attrib["name"], (int(element.attrib["height"]), int(element.attrib["width"]))
    return CvatImage(name, size, tuple(_shapes(f"{path}: image {name}", element, size)))


def _shapes(where: str, image: ElementTree.Element, size: tuple[int, int]) -> Iterator[Shape]:
    for number, element in enumerate(image, start=1):
        if element.tag == "tag":  # of the whole image
            continue
        label = element.attrib["label"]
        group = int(element.attrib.get("group_id", 0)) or None
        told = f"{where}: shape {number} ({element.tag} {label!r})"
        kind, points, mask = _geometry(told, element, size)
        if not np.isfinite(points).all() or len(points) == 0:
            raise UserError(f"{told} has a point that is not a number, or none")
        yield Shape(label, kind, points, group, True, mask)


def _geometry(
    where: str, element: ElementTree.Element, size: tuple[int, int]
) -> tuple[str, NDArray[np.float64], NDArray[np.bool_] | None]:
    value = {name: float(text) for name, text in element.attrib.items() if name in _NUMBERS}
    if element.tag == "box":
        corners = np.array(
            [
                [value["xtl"], value["ytl"]],
                [value["xbr"], value["ytl"]],
                [value["xbr"], value["ybr"]],
                [value["xtl"], value["ybr"]],
            ]
        )
        return "polygon", turned(corners, value.get("rotation", 0.0), corners.mean(axis=0)), None
    if element.tag == "ellipse":
        centre = np.array([value["cx"], value["cy"]])
        outline = ellipse_outline(centre, value["rx"], value["ry"])
        return "polygon", turned(outline, value.get("rotation", 0.0), centre), None
    if element.tag == "mask":
        return "mask", *_mask(where, element, size)
    kind = {"polygon": "polygon", "polyline": "linestrip", "points": "points"}.get(element.tag)
    if kind is None:
        raise UserError(f"{where}: shapes of this kind are not read; draw a polygon or a mask")
    points = np.array([[float(part) for part in pair.split(",")] for pair in element.attrib["points"].split(";")])
    if kind == "polygon" and len(points) < 3:
        raise UserError(f"{where} has {len(points)} points; it needs at least 3")
    return kind, points.reshape(-1, 2), None


_NUMBERS = ("xtl", "ytl", "xbr", "ybr", "cx", "cy", "rx", "ry", "rotation")


def turned(points: NDArray[np.float64], degrees: float, about: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (N, 2) turned clockwise, as seen on the screen, about a centre."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (points - about) @ np.array([[cosine, sine], [-sine, cosine]]) + about


def ellipse_outline(centre: NDArray[np.float64], across: float, down: float) -> NDArray[np.float64]:
    """Return a polygon (N, 2) of an ellipse with half axes along x and y."""
    angles = np.linspace(0, 2 * math.pi, _STEPS, endpoint=False)
    return np.stack([across * np.cos(angles), down * np.sin(angles)], axis=1) + centre


def _mask(
    where: str, element: ElementTree.Element, size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the corners of a mask's box and its pixels: run lengths along the rows, the first of background."""
    left, top, width, height = (int(float(element.attrib[name])) for name in ("left", "top", "width", "height"))
    counts = np.array([int(text) for text in element.attrib["rle"].split(",")])
    fits = left >= 0 and top >= 0 and left + width <= size[1] and top + height <= size[0]
    if (counts < 0).any() or counts.sum() != width * height or not fits:
        raise UserError(f"{where}: its run lengths do not fill its box of {width} x {height} pixels inside the image")
    pixels = np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(height, width)
    return np.array([[left, top], [left + width - 1, top + height - 1]], dtype=np.float64), pixels
