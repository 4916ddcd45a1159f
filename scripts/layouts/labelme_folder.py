"""A folder of images with LabelMe files: its images, their shapes and their masks."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.layouts.dataset_tables import SIDECAR
from scripts.layouts.label_map import LabelMap, spelling
from scripts.layouts.labelme_file import Annotation, Shape, embedded_image, image_beside, read_annotation
from training.data.image_file import IMAGE_SUFFIXES
from training.data.sample import IGNORE_ID
from training.support.user_error import UserError


@dataclass(frozen=True)
class LabelledImage:
    """An image and its annotation; image is None if it is embedded, annotation is None if nothing is drawn."""

    name: str
    """Path below the folder, without suffix."""
    image: Path | None
    annotation: Annotation | None

    def content(self) -> tuple[bytes, str]:
        """Return the image file's content and its suffix. Raises UserError."""
        if self.image is not None:
            return self.image.read_bytes(), self.image.suffix
        assert self.annotation is not None  # find_images makes no image without both
        content = embedded_image(self.annotation.path)
        return content, next((suffix for magic, suffix in _MAGIC.items() if content.startswith(magic)), ".png")


_MAGIC = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"BM": ".bmp", b"II*\x00": ".tif", b"MM\x00*": ".tif"}


def find_images(root: Path, known: LabelMap) -> list[LabelledImage]:
    """List a folder's images and check their annotations.

    Raises UserError if one is malformed or has an unknown label.
    """
    if not root.is_dir():
        raise UserError(f"there is no folder {root}")
    found, seen = [], set()
    for path in sorted(root.rglob("*.json")):
        if path.is_relative_to(root / SIDECAR):
            continue
        annotation = read_annotation(path)
        _check_labels(annotation, known)
        image = image_beside(path, root)
        seen.add(image)
        found.append(LabelledImage(path.relative_to(root).with_suffix("").as_posix(), image, annotation))
    for path in root.rglob("*"):
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() and path not in seen:
            found.append(LabelledImage(path.relative_to(root).with_suffix("").as_posix(), path, None))
    if not found:
        raise UserError(f"{root} holds neither images nor LabelMe files")
    return sorted(found, key=lambda labelled: labelled.name)


def _check_labels(annotation: Annotation, known: LabelMap) -> None:
    for number, shape in enumerate(annotation.shapes, start=1):
        if not known.knows(shape.label):
            names = ", ".join(entry.name for entry in known.classes[1:])
            raise UserError(
                f"{annotation.path}: shape {number} has the unknown label {shape.label!r}; classes are {names}: "
                f"add the spelling to {known.file}"
            )


def shows_defect(labelled: LabelledImage, known: LabelMap) -> bool:
    """Return whether any shape of the image belongs to a defect class."""
    kinds = {entry.id: entry.kind for entry in known.classes}
    shapes = labelled.annotation.shapes if labelled.annotation else ()
    return any(kinds.get(known.ids.get(spelling(shape.label), 0)) == "defect" for shape in shapes)


def draw_labels(
    annotation: Annotation | None, size: tuple[int, int], known: LabelMap
) -> tuple[NDArray[np.uint8], NDArray[np.int32], dict[int, str]]:
    """Return the class ids (H, W), the instance ids (H, W) and the label of each instance as written.

    Shapes of one group_id (and class) are one instance; a shape without group_id is a separate instance. Where
    instances overlap, defects cover impurities, and later shapes cover earlier ones.
    """
    mask, instances = np.zeros(size, np.uint8), np.zeros(size, np.int32)
    ignored = np.ones(size, bool)
    edge = known.edge_pixels
    ignored[edge : size[0] - edge, edge : size[1] - edge] = False
    shapes = annotation.shapes if annotation else ()
    labels: dict[int, str] = {}
    kinds = {entry.id: entry.kind for entry in known.classes}
    numbers = _instance_numbers(shapes, known)
    for kind in ("impurity", "defect"):
        for number, shape in enumerate(shapes):
            class_id = known.ids.get(spelling(shape.label), 0)
            if kinds[class_id] != kind:
                continue
            pixels = shape.pixels(size, known.line_widths[class_id], known.point_widths[class_id])
            mask[pixels], instances[pixels] = class_id, numbers[number]
            if numbers[number]:
                labels.setdefault(numbers[number], shape.label)
    plates = [shape for shape in shapes if spelling(shape.label) in known.plate]
    if plates:
        ignored |= ~_union(plates, size)
    ignored |= _union((shape for shape in shapes if spelling(shape.label) in known.ignored), size)
    mask[ignored], instances[ignored] = IGNORE_ID, 0
    return mask, instances, labels


def _union(shapes: Iterable[Shape], size: tuple[int, int]) -> NDArray[np.bool_]:
    covered = np.zeros(size, bool)
    for shape in shapes:
        covered |= shape.pixels(size, 1.0, 1.0)
    return covered


def _instance_numbers(shapes: tuple[Shape, ...], known: LabelMap) -> list[int]:
    """Return the instances' numbers: a group_id that only one class uses is kept, all others get free numbers."""
    classes_of: dict[int, set[int]] = defaultdict(set)
    for shape in shapes:
        if shape.group_id is not None:
            classes_of[shape.group_id].add(known.ids.get(spelling(shape.label), 0))
    kept = {group for group, classes in classes_of.items() if len(classes) == 1 and 0 < group < 2**16}
    free = (number for number in range(1, 2**16) if number not in kept)
    numbers: list[int] = []
    given: dict[tuple[int, int], int] = {}
    for shape in shapes:
        class_id = known.ids.get(spelling(shape.label), 0)
        if not class_id or not shape.is_instance:
            numbers.append(0)
        elif shape.group_id in kept:
            numbers.append(shape.group_id or 0)
        elif shape.group_id is None:
            numbers.append(next(free))
        else:
            key = (class_id, shape.group_id)
            if key not in given:
                given[key] = next(free)
            numbers.append(given[key])
    return numbers
