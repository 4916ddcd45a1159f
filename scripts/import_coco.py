"""Convert COCO files (polygons or run lengths) and their images into a dataset folder."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.runs.whole_folder import whole_folder
from scripts.layouts.coco_file import CocoFile, CocoImage, object_pixels, read_coco, run_length_pixels
from scripts.layouts.coco_folder import find_coco_files
from scripts.layouts.dataset_card import write_card
from scripts.layouts.plate_pattern import read_plate_pattern
from scripts.layouts.split_list import read_split_list
from training.data.dataset_writer import INSTANCE_COLUMNS, DatasetWriter
from training.data.file_identity import identity
from training.data.folder_classes import defect_classes
from training.data.image_file import read_image
from training.data.sample import IGNORE_ID, SPLITS, DefectClass
from training.support.listed_names import counted, listed
from training.support.progress import with_progress
from training.support.user_error import UserError

REFUSE, FILL = "refuse", "fill"
Rows = list[tuple[dict[str, str], CocoImage]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    options = _parser().parse_args(arguments)
    try:
        if options.out.exists():
            raise UserError(f"{options.out} exists already; choose another --out or remove it")
        plate = None if options.plate is None else read_plate_pattern(options.plate)
        for line in import_coco(options, plate):
            print(line)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"dataset: {options.out}")
    return 0


def import_coco(options: argparse.Namespace, plate: re.Pattern[str] | None) -> list[str]:
    """Write the dataset folder, whole or not at all; return notes for the user.

    Files that export_dataset.py wrote come back without loss: ids, splits, ignored pixels, tables. Raises UserError.
    """
    found = find_coco_files(options.source, options.images)
    files = [(read_coco(path, folder), split) for path, split, folder in found]
    classes = _classes([file for file, _ in files], options.impurities)
    rows, notes = _rows(files, options.splits, plate)
    ids = {entry.name: entry.id for entry in classes}
    kinds = {entry.id: entry.kind for entry in classes}
    description = files[0][0].description
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(options.out) as folder:
        writer = DatasetWriter(folder, classes, write_card)
        for row, image in with_progress(rows, len(rows), "importing"):
            _add(writer, row, image, ids, kinds, options.boxes == FILL)
        writer.finish(options.source.resolve().stem, {}, description)
    bare = sum(not image.objects for _, image in rows)
    if bare and description is None:
        notes.append(f"note: {counted(bare, 'image')} without any annotation: the file lists them as clean")
    splits = [row["split"] for row, _ in rows]
    return [*notes, ", ".join(f"{splits.count(name)} {name} images" for name in SPLITS)]


def _classes(files: list[CocoFile], impurities: Sequence[str]) -> tuple[DefectClass, ...]:
    """Return the classes of all files: those of the exported dataset, else the categories, with ids from 1."""
    if files[0].description is not None:
        recorded = files[0].description["classes"]
        return tuple(DefectClass(c["id"], c["name"], c["kind"], tuple(c["colour"])) for c in recorded)
    kinds = {name: kind for file in files for name, kind in file.categories.items()}
    order = sorted(kinds, key=lambda name: (kinds[name][1], name))
    unknown = [name for name in impurities if name not in kinds]
    if unknown:
        raise UserError(f"there is no category {unknown[0]}; there are {listed(order)}")
    if len(order) >= IGNORE_ID:
        raise UserError(f"{len(order)} categories are more than the {IGNORE_ID - 1} that a mask can hold")
    chosen = {name for name in order if name in impurities or kinds[name][0] == "impurity"}
    return tuple(
        DefectClass(c.id, c.name, "impurity", c.colour) if c.name in chosen else c for c in defect_classes(order)
    )


def _rows(
    files: list[tuple[CocoFile, str | None]], splits: Path | None, plate: re.Pattern[str] | None
) -> tuple[Rows, list[str]]:
    """Return the row of every image, in the order of the dataset, and notes."""
    owners: dict[str, str] = {}
    images: list[tuple[CocoImage, str | None]] = []
    for file, split in files:
        for image in file.images:
            name = owners.setdefault(identity(image.path), f"{file.path}: {image.name}")
            if name != f"{file.path}: {image.name}" or any(image.path == other.path for other, _ in images):
                raise UserError(f"{image.path} is listed twice: {name}, {file.path}: {image.name}")
            images.append((image, image.own["sample"]["split"] if image.own else split))
    notes: list[str] = []
    plates = {_stem(image): _plate(image, plate) for image, _ in images}
    if splits is not None:
        split_of, notes = read_split_list(splits, plates)
        notes = [line if line.startswith("warning: ") else f"note: {line}" for line in notes]
        images = [(image, split_of[_stem(image)]) for image, _ in images if _stem(image) in split_of]
    unclear = [image.name for image, split in images if split is None]
    if unclear:
        raise UserError(
            f"the split of {counted(len(unclear), 'image')} is not clear from a file's name: {listed(unclear)}; give "
            "--splits FILE, a table picture,split"
        )
    images.sort(key=lambda entry: SPLITS.index(str(entry[1])))
    rows = []
    for number, (image, split) in enumerate(images):
        own = {str(key): str(value) for key, value in image.own.get("sample", {}).items()}
        fresh = {
            "sample_id": f"{number:06d}",
            "split": str(split),
            "plate_id": plates[_stem(image)],
            "source": image.name,
        }
        rows.append((own or fresh, image))
    return rows, notes


def _stem(image: CocoImage) -> str:
    return image.name.replace("\\", "/").rpartition(".")[0]


def _plate(image: CocoImage, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return ""
    found = pattern.search(_stem(image))
    if found is None or not found[1]:
        raise UserError(f"{image.name} does not contain its plate: --plate is {pattern.pattern}")
    return found[1]


def _add(
    writer: DatasetWriter, row: dict[str, str], image: CocoImage, ids: dict[str, int], kinds: dict[int, str], fill: bool
) -> None:
    """Write one sample: defects cover impurities, later objects cover earlier ones."""
    size = read_image(image.path).shape[:2]
    if size != image.size:
        recorded = f"{image.size[1]} x {image.size[0]}"
        raise UserError(f"{image.path} has {size[1]} x {size[0]} pixels, but its COCO file says {recorded}")
    mask, instances = np.zeros(size, np.uint8), np.zeros(size, np.int32)
    numbers = _numbers(image)
    parameters: dict[int, dict[str, str]] = {}
    for kind in ("impurity", "defect"):
        for number, entry in zip(numbers, image.objects, strict=True):
            class_id = ids[entry.category]
            if kinds[class_id] == kind:
                pixels = object_pixels(entry, image.size, image.name, fill_boxes=fill)
                mask[pixels], instances[pixels] = class_id, number
                parameters[number] = {k: v for k, v in entry.own.items() if k not in INSTANCE_COLUMNS}
    _ignore(image, mask, instances)
    wrong = [kind for class_id, kind in kinds.items() if kind == "defect" and (mask == class_id).any()]
    if row["split"] == "train" and wrong:
        raise UserError(f"{image.name} shows a defect, but is in the train split, which is nominal; give --splits FILE")
    writer.add(row, (image.path.read_bytes(), image.path.suffix), mask, instances, parameters)


def _numbers(image: CocoImage) -> list[int]:
    """Return the instance id of every object: the exported one, 0 for a crowd, else counted from 1."""
    taken = {int(entry.own["instance_id"]) for entry in image.objects if "instance_id" in entry.own}
    free = iter(number for number in range(1, 2**16) if number not in taken)
    return [
        0 if entry.is_crowd else int(entry.own["instance_id"]) if "instance_id" in entry.own else next(free)
        for entry in image.objects
    ]


def _ignore(image: CocoImage, mask: NDArray[np.uint8], instances: NDArray[np.int32]) -> None:
    ignored: Any = image.own.get("ignored")
    if ignored is not None:
        pixels = run_length_pixels(ignored, image.size, image.name)
        mask[pixels], instances[pixels] = IGNORE_ID, 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="import_coco.py",
        description=__doc__,
        epilog="for instance: python -m scripts.import_coco plates_coco --out datasets/plates --impurities stain",
    )
    add = parser.add_argument
    add("source", type=Path, help="a COCO file, or a folder with one for each split (annotations/*train*.json)")
    add("--out", type=Path, required=True, help="dataset folder to write")
    add(
        "--images",
        type=Path,
        metavar="FOLDER",
        help="folder of the images (default: images/ beside, or the file's own)",
    )
    add(
        "--splits",
        type=Path,
        metavar="FILE",
        help="CSV table picture,split or plate,split (default: by the files' names)",
    )
    add("--impurities", nargs="+", default=[], metavar="CLASS", help="categories that are not defects")
    add("--plate", metavar="PATTERN", help="regular expression whose group finds the plate in an image's name")
    add("--boxes", choices=(REFUSE, FILL), default=REFUSE, help="objects that have a box only (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
