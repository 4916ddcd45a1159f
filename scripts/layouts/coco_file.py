"""One COCO file: its images and objects, checked."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
import pycocotools.mask  # type: ignore[import-untyped]
from numpy.typing import NDArray

from training.data.file_identity import check_link, is_image
from training.support.user_error import UserError

Pixels = NDArray[np.bool_]


@dataclass(frozen=True)
class CocoObject:
    """An object: ``segmentation`` is a list of polygons, or run lengths; None for one that has a box only."""

    category: str
    segmentation: Any
    box: tuple[float, float, float, float] | None
    is_crowd: bool
    own: dict[str, str]
    """The row of instances.csv, in a file that export_dataset.py wrote."""


@dataclass(frozen=True)
class CocoImage:
    """An image of a COCO file and its objects."""

    name: str
    path: Path
    size: tuple[int, int]
    """Height and width [pixels]."""
    objects: tuple[CocoObject, ...]
    own: dict[str, Any]
    """Entries that export_dataset.py keeps beside the image: "sample" and "ignored"; {} in another file."""


@dataclass(frozen=True)
class CocoFile:
    """A COCO file: its images, its categories (name: supercategory, id), and dataset.json if it has one."""

    path: Path
    images: tuple[CocoImage, ...]
    categories: dict[str, tuple[str, int]]
    description: dict[str, Any] | None


def read_coco(path: Path, folder: Path) -> CocoFile:
    """Read a COCO file whose images lie below ``folder``.

    Raises UserError for a file that is no COCO file, and for images or categories that are missing or there twice.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read as a COCO file: {error}") from error
    try:
        return _coco_file(path, folder, document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} is not a COCO file: {type(error).__name__} {error}") from error


def _coco_file(path: Path, folder: Path, document: dict[str, Any]) -> CocoFile:
    categories = {int(entry["id"]): str(entry["name"]) for entry in document["categories"]}
    kinds = {str(e["name"]): (str(e.get("supercategory", "")), int(e["id"])) for e in document["categories"]}
    if len(categories) < len(document["categories"]) or len(kinds) < len(document["categories"]):
        raise UserError(f"{path}: two categories have one id or one name")
    listed = {int(entry["id"]): entry for entry in document["images"]}
    if len(listed) < len(document["images"]):
        raise UserError(f"{path}: two images have one id")
    objects: dict[int, list[CocoObject]] = defaultdict(list)
    for entry in document["annotations"]:
        where = f"{path}: annotation {entry.get('id')}"
        if int(entry["image_id"]) not in listed:
            raise UserError(f"{where} belongs to image {entry['image_id']}, which the file does not list")
        if int(entry["category_id"]) not in categories:
            raise UserError(f"{where} has the category {entry['category_id']}, which the file does not list")
        box = entry.get("bbox")
        objects[int(entry["image_id"])].append(
            CocoObject(
                categories[int(entry["category_id"])],
                entry.get("segmentation") or None,
                None if not box else (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                bool(entry.get("iscrowd", 0)),
                {str(key): str(value) for key, value in entry.get("stainless", {}).items()},
            )
        )
    images = tuple(
        CocoImage(
            str(entry["file_name"]),
            _image_path(path, folder, str(entry["file_name"])),
            (int(entry["height"]), int(entry["width"])),
            tuple(objects[image_id]),
            dict(entry.get("stainless", {})),
        )
        for image_id, entry in listed.items()
    )
    return CocoFile(path, images, kinds, (document.get("info") or {}).get("stainless"))


def _image_path(file: Path, folder: Path, name: str) -> Path:
    named = PureWindowsPath(name)  # understands / and \
    path = folder.joinpath(*named.parts)
    if named.drive or named.root or ".." in named.parts:
        raise UserError(f"{file}: image {name!r} points outside {folder}")
    if not path.is_file():
        raise UserError(f"{file}: image {name} is not in {folder}; name its folder with --images")
    check_link(path, folder)
    if not is_image(path):
        raise UserError(f"{file}: image {name} is of a kind that is not read; convert it to PNG")
    return path


def object_pixels(entry: CocoObject, size: tuple[int, int], where: str, *, fill_boxes: bool) -> Pixels:
    """Return the pixels (H, W) of an object, as pycocotools draws them. Raises UserError if it has none."""
    height, width = size
    try:
        if entry.segmentation is not None:
            return _drawn(entry.segmentation, height, width, where)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise UserError(
            f"{where}: the segmentation of a {entry.category} is neither polygons nor run lengths: {error}"
        ) from error
    if entry.box is None or not fill_boxes:
        has = "a box" if entry.box else "neither a segmentation nor a box"
        raise UserError(
            f"{where}: a {entry.category} has {has} only; draw its outline, or fill boxes with --boxes fill"
        )
    left, top, wide, high = entry.box
    covered = np.zeros(size, dtype=bool)
    columns, rows = ((max(round(low), 0), max(round(low + side), 0)) for low, side in ((left, wide), (top, high)))
    covered[slice(*rows), slice(*columns)] = True
    return covered


def run_length_pixels(encoded: dict[str, Any], size: tuple[int, int], where: str) -> Pixels:
    """Return the pixels (H, W) of COCO's run lengths, compressed or not. Raises UserError for another size."""
    if tuple(encoded["size"]) != tuple(size):
        raise UserError(f"{where}: run lengths of {encoded['size']} (height, width), but the image has {list(size)}")
    compressed = encoded
    if isinstance(encoded["counts"], list):
        if sum(encoded["counts"]) != size[0] * size[1]:
            raise UserError(f"{where}: the run lengths do not add up to the image's {size[0] * size[1]} pixels")
        compressed = pycocotools.mask.frPyObjects(encoded, *size)
    return np.asarray(pycocotools.mask.decode(compressed) > 0)


def _drawn(segmentation: Any, height: int, width: int, where: str) -> Pixels:
    if isinstance(segmentation, dict):
        return run_length_pixels(segmentation, (height, width), where)
    polygons = [[float(value) for value in polygon] for polygon in segmentation]
    if not polygons or any(len(polygon) < 6 or len(polygon) % 2 for polygon in polygons):
        raise UserError(f"{where}: a polygon needs at least three points x, y")
    if not np.isfinite(np.concatenate(polygons)).all():
        raise UserError(f"{where}: a polygon has a point that is not a number")
    parts = pycocotools.mask.frPyObjects(polygons, height, width)
    return np.asarray(pycocotools.mask.decode(pycocotools.mask.merge(parts)) > 0)
