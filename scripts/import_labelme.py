"""Convert images with LabelMe annotations into a dataset folder, split by plate."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from eval.runs.whole_folder import whole_folder
from scripts.layouts.dataset_tables import SIDECAR, DatasetTables, read_tables
from scripts.layouts.dataset_writer import DatasetWriter
from scripts.layouts.label_map import DEFAULT, LabelMap, read_label_map, spelling
from scripts.layouts.labelme_file import IGNORED
from scripts.layouts.labelme_folder import LabelledImage, draw_labels, find_images, shows_defect
from scripts.layouts.plate_split import PlateCounts, split_plates
from training.data.sample import DefectClass
from training.support.progress import with_progress
from training.support.user_error import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    options = _parser().parse_args(arguments)
    counts = PlateCounts(options.train, options.validation, options.test_clean, options.test_defective)
    try:
        for line in import_labelme(options.source, options.out, options.labels, counts, options.seed):
            print(line)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"dataset: {options.out}")
    return 0


def import_labelme(source: Path, out: Path, labels: Path, counts: PlateCounts, seed: int) -> list[str]:
    """Write the dataset folder, whole or not at all; return notes for the user, line by line.

    A folder that export_dataset.py made keeps its splits, classes and tables. Raises UserError.
    """
    if out.exists():
        raise UserError(f"{out} exists already; choose another --out or remove it")
    known = read_label_map(labels)
    tables = read_tables(source / SIDECAR) if (source / SIDECAR).is_dir() else None
    if tables is not None:
        known = _with_classes_of(known, tables)
    images = find_images(source, known)
    rows, notes = _split(images, known, counts, seed) if tables is None else (_recorded(images, tables, source), [])
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(out) as folder:
        writer = DatasetWriter(folder, known.classes)
        for row, labelled in with_progress(rows, len(rows), "importing"):
            notes += _add(writer, row, labelled, known, tables)
        writer.finish(source.resolve().name, {"split": seed}, tables.description if tables else None)
    counted = [row["split"] for row, _ in rows]
    return [*notes, ", ".join(f"{counted.count(name)} {name} images" for name in ("train", "validation", "test"))]


def _split(
    images: list[LabelledImage], known: LabelMap, counts: PlateCounts, seed: int
) -> tuple[list[tuple[dict[str, str], LabelledImage]], list[str]]:
    places = {labelled.name: known.plate_and_view(labelled.name) for labelled in images}
    defective = {places[labelled.name][0] for labelled in images if shows_defect(labelled, known)}
    clean = {plate for plate, _ in places.values()} - defective
    split = split_plates(sorted(clean), sorted(defective), counts, seed)
    kept = [labelled for labelled in images if places[labelled.name][0] in split]
    rows = []
    for number, labelled in enumerate(sorted(kept, key=lambda labelled: _order(split, places, labelled))):
        plate, view = places[labelled.name]
        own = {"sample_id": f"{number:06d}", "split": split[plate], "plate_id": plate, "view": view}
        rows.append((own | {"source": labelled.name}, labelled))
    notes = []
    bare = sum(labelled.annotation is None for labelled in kept)
    if bare:
        notes.append(f"note: {bare} images have no LabelMe file and count as clean")
    unused = sorted((clean | defective) - set(split))
    if unused:
        notes.append(f"note: {len(unused)} plates were not asked for and are left out: {', '.join(unused)}")
    return rows, notes


def _order(
    split: dict[str, str], places: dict[str, tuple[str, str]], labelled: LabelledImage
) -> tuple[int, str, str, str]:
    plate, view = places[labelled.name]
    return ("train", "validation", "test").index(split[plate]), plate, view, labelled.name


def _with_classes_of(known: LabelMap, tables: DatasetTables) -> LabelMap:
    """Return the exported dataset's classes with their ids, and the mapping's classes for the rest."""
    classes = tuple(
        DefectClass(c["id"], c["name"], c["kind"], tuple(c["colour"])) for c in tables.description["classes"]
    )
    ids = {spelling(entry.name): entry.id for entry in classes if entry.kind != "background"}
    widths = {entry.id: 1.0 for entry in classes}
    ignored = frozenset({IGNORED})
    return replace(
        known, classes=classes, ids=ids, plate=frozenset(), ignored=ignored, line_widths=widths, point_widths=widths
    )


def _recorded(
    images: list[LabelledImage], tables: DatasetTables, source: Path
) -> list[tuple[dict[str, str], LabelledImage]]:
    by_id = {Path(labelled.name).name: labelled for labelled in images}
    missing = [sample_id for sample_id in tables.samples if sample_id not in by_id]
    if missing:
        raise UserError(f"{source}: there is no image {missing[0]}, but {SIDECAR}/samples.csv lists it")
    return [(row, by_id[sample_id]) for sample_id, row in tables.samples.items()]


def _add(
    writer: DatasetWriter, row: dict[str, str], labelled: LabelledImage, known: LabelMap, tables: DatasetTables | None
) -> list[str]:
    """Write one sample; return a note for every instance that another one hides."""
    content, suffix = labelled.content()
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    where = labelled.image or (labelled.annotation and labelled.annotation.path)
    if pixels is None:
        raise UserError(f"{where} does not decode as an image; replace it or take it out")
    if labelled.annotation is not None and pixels.shape != labelled.annotation.size:
        drawn = f"{labelled.annotation.size[1]} x {labelled.annotation.size[0]}"
        raise UserError(
            f"{labelled.annotation.path} was drawn on an image of {drawn} pixels, but {where} has "
            f"{pixels.shape[1]} x {pixels.shape[0]}"
        )
    mask, instances, labels = draw_labels(labelled.annotation, (pixels.shape[0], pixels.shape[1]), known)
    if tables is None:
        parameters = {number: {"label": label} for number, label in labels.items()}
    else:
        parameters = tables.parameters(row["sample_id"])
    writer.add(row, (content, suffix), mask, instances, parameters)
    hidden = sorted(set(labels) - set(np.unique(instances).tolist()))
    return [f"note: {where}: instance {number} ({labels[number]}) is hidden by others or ignored" for number in hidden]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="import_labelme.py",
        description=__doc__,
        epilog="for instance: python -m scripts.import_labelme photos --out datasets/real --test-defective 3",
    )
    parser.add_argument("source", type=Path, help="folder of images and LabelMe files, searched recursively")
    parser.add_argument("--out", type=Path, required=True, help="dataset folder to write")
    parser.add_argument("--labels", type=Path, default=DEFAULT, help="YAML of classes and spellings (%(default)s)")
    for name, count, what in (
        ("train", 10, "clean plates for the train split"),
        ("validation", 1, "defective plates for the validation split"),
        ("test-clean", 1, "clean plates for the test split"),
        ("test-defective", 6, "defective plates for the test split"),
    ):
        parser.add_argument(f"--{name}", type=_count, default=count, metavar="PLATES", help=f"{what} (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the split (%(default)s)")
    return parser


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of plates")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
