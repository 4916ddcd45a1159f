"""Findings as COCO results: a list that pycocotools' ``loadRes`` takes, with the ids of a user's COCO file."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from training.prediction.image import PredictedImage
from training.support.listed_names import counted, listed
from training.support.user_error import UserError

FILE = "coco_results.json"


@dataclass(frozen=True)
class CocoIds:
    """The ids of a COCO file: of images by their file name, and of the category that findings get."""

    path: Path
    images: dict[str, int]
    sizes: dict[int, tuple[int, int]]
    category: int


def read_coco_ids(path: Path, category: str | None) -> CocoIds:
    """Read the images and categories of a COCO file.

    Findings have no class: they get the category of the name ``category``, or the only one. Raises UserError for a file
    that is no COCO file and for a category that is not clear.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        images = {str(entry["file_name"]).replace("\\", "/"): int(entry["id"]) for entry in document["images"]}
        sizes = {int(e["id"]): (int(e["width"]), int(e["height"])) for e in document["images"] if "width" in e}
        categories = {str(entry["name"]): int(entry["id"]) for entry in document["categories"]}
    except OSError as error:
        raise UserError(f"cannot read coco={path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"coco={path} is not a COCO file with images and categories: {error!r}") from error
    if not images:
        raise UserError(f"coco={path} lists no image")
    if category is None and len(categories) != 1:
        raise UserError(
            f"coco={path} has the categories {listed(categories)}; name that of the findings: coco_category=..."
        )
    if category is not None and category not in categories:
        raise UserError(f"coco={path} has no category {category}; it has {listed(categories)}")
    return CocoIds(path, images, sizes, categories[category] if category else next(iter(categories.values())))


def results_of(ids: CocoIds, predicted: Sequence[PredictedImage]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the results list, and notes on images that the COCO file does not list, or lists without a prediction.

    An image is known by its whole file name, else by the end of its path, if that is unambiguous. Raises UserError for
    an image of another size than the COCO file says.
    """
    by_name: dict[str, set[int]] = defaultdict(set)
    for listed_name, listed_id in ids.images.items():
        for end in _ends(listed_name):
            by_name[end].add(listed_id)
    results: list[dict[str, Any]] = []
    unknown: list[str] = []
    found: set[int] = set()
    for entry in predicted:
        name = entry.coco_image["file_name"]
        image_id = _image_id(name, ids, by_name)
        if image_id is None:
            unknown.append(name)
            continue
        found.add(image_id)
        size = (entry.coco_image["width"], entry.coco_image["height"])
        if ids.sizes.get(image_id, size) != size:
            wanted = ids.sizes[image_id]
            raise UserError(
                f"{name} has {size[0]} x {size[1]} pixels, but coco={ids.path} says {wanted[0]} x {wanted[1]}"
            )
        results += [
            {
                "image_id": image_id,
                "category_id": ids.category,
                "segmentation": own["segmentation"],
                "bbox": own["bbox"],
                "score": own["score"],
            }
            for own in entry.annotations
        ]
    notes = []
    if unknown:
        notes.append(f"{counted(len(unknown), 'image')} not in {ids.path}, and not in {FILE}: {listed(unknown)}")
    missing = [name for name, number in ids.images.items() if number not in found]
    if missing:
        notes.append(f"{counted(len(missing), 'image')} of {ids.path} without a prediction: {listed(missing)}")
    return results, notes


def _ends(name: str) -> list[str]:
    """Return a path and its ends: a/b.png, b.png."""
    parts = PurePosixPath(name).parts
    return ["/".join(parts[k:]) for k in range(len(parts))]


def _image_id(name: str, ids: CocoIds, by_name: dict[str, set[int]]) -> int | None:
    if name in ids.images:
        return ids.images[name]
    for end in _ends(name):
        if len(by_name.get(end, ())) == 1:
            return next(iter(by_name[end]))
    return None
