"""The masks of a LabelMe annotation: class ids and instance ids."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from scripts.layouts.label_map import LabelMap, spelling
from scripts.layouts.labelme_file import Annotation, Shape
from training.data.sample import IGNORE_ID


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
