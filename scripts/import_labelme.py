"""Convert images with LabelMe annotations into a dataset folder, split by plate."""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from eval.runs.whole_folder import whole_folder
from scripts.layouts.clean_pictures import REFUSE, UNLABELLED
from scripts.layouts.dataset_tables import SIDECAR, DatasetTables, read_tables
from scripts.layouts.dataset_writer import DatasetWriter
from scripts.layouts.label_map import DEFAULT, LabelMap, read_label_map, spelling
from scripts.layouts.labelme_file import IGNORED
from scripts.layouts.labelme_folder import LabelledImage, find_images
from scripts.layouts.labelme_masks import draw_labels
from scripts.layouts.labelme_splits import CLEAN_PLATES, DEFECTIVE_PLATES, SplitChoice, Statement, split_images
from scripts.layouts.plate_pattern import read_plate_pattern
from scripts.layouts.plate_split import PlateCounts
from training.data.decoding import decoded
from training.data.file_identity import left_out_in_words
from training.data.sample import SPLITS, DefectClass
from training.support.progress import with_progress
from training.support.user_error import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    options = _parser().parse_args(arguments)
    counts = PlateCounts(options.train, options.validation, options.test_clean, options.test_defective)
    choice = SplitChoice(counts, options.seed, options.splits, options.nominal_from)
    statement = Statement(tuple(options.clean), options.unlabelled)
    try:
        pattern = None if options.plate is None else read_plate_pattern(options.plate)
        for line in import_labelme(options.source, options.out, options.labels, choice, statement, pattern):
            print(line)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"dataset: {options.out}")
    return 0


def import_labelme(
    source: Path, out: Path, labels: Path, choice: SplitChoice, statement: Statement, plate: re.Pattern[str] | None
) -> list[str]:
    """Write the dataset folder, whole or not at all; return notes for the user, line by line.

    A folder that export_dataset.py made keeps its splits, classes and tables. ``plate`` replaces the mapping's pattern
    of plates. Raises UserError.
    """
    if out.exists():
        raise UserError(f"{out} exists already; choose another --out or remove it")
    known = read_label_map(labels)
    if plate is not None:
        known = replace(known, path_pattern=plate, pattern_of="--plate")
    tables = read_tables(source / SIDECAR) if (source / SIDECAR).is_dir() else None
    if tables is not None:
        known = _with_classes_of(known, tables)
    folder = find_images(source, known)
    notes = [*folder.notes, *left_out_in_words(folder.left_out, source)]
    if tables is None:
        rows, further = split_images(folder.images, known, source, choice, statement)
        notes += further
    else:
        rows = _recorded(folder.images, tables, source)
    notes = [line if line.startswith("warning: ") else f"note: {line}" for line in notes]
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(out) as fresh:
        writer = DatasetWriter(fresh, known.classes)
        for row, labelled in with_progress(rows, len(rows), "importing"):
            notes += _add(writer, row, labelled, known, tables)
        writer.finish(source.resolve().name, {"split": choice.seed}, tables.description if tables else None)
    split_of = [row["split"] for row, _ in rows]
    return [*notes, ", ".join(f"{split_of.count(name)} {name} images" for name in SPLITS)]


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
    images: Sequence[LabelledImage], tables: DatasetTables, source: Path
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
    where = labelled.image or (labelled.annotation and labelled.annotation.path)
    pixels = decoded(content, cv2.IMREAD_GRAYSCALE, Path(str(where)))
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
        epilog="for instance: python -m scripts.import_labelme photos --out datasets/real --clean photos/clean",
    )
    add = parser.add_argument
    add("source", type=Path, help="folder of pictures and LabelMe files, searched recursively")
    add("--out", type=Path, required=True, help="dataset folder to write")
    add("--labels", type=Path, default=DEFAULT, help="YAML of classes and spellings (%(default)s)")
    clean = "pictures without a LabelMe file that are clean: folders, plates, pictures, or a text file that lists them"
    add("--clean", nargs="+", default=[], metavar="NAME", help=clean)
    add(
        "--unlabelled",
        choices=UNLABELLED,
        default=REFUSE,
        help="other pictures without a LabelMe file: %(choices)s (%(default)s)",
    )
    plate = "regular expression whose group finds the plate in a picture's path, without suffix: '([^/]+)_[^/]*$'"
    add("--plate", metavar="PATTERN", help=plate.replace("%", "%%"))
    add(
        "--splits",
        type=Path,
        metavar="FILE",
        help="CSV table plate,split or picture,split, instead of the numbers below",
    )
    for name, count, what in (
        ("train", 10, "clean plates for the train split"),
        ("validation", 1, "defective plates for the validation split"),
        ("test-clean", 1, "clean plates for the test split"),
        ("test-defective", 6, "defective plates for the test split"),
    ):
        add(f"--{name}", type=_count, default=count, metavar="PLATES", help=f"{what} (%(default)s)")
    add(
        "--nominal-from",
        choices=(CLEAN_PLATES, DEFECTIVE_PLATES),
        default=CLEAN_PLATES,
        help="plates whose pictures may train; with 'defective', where clean plates do not suffice, also the nominal "
        "pictures of plates that show a defect elsewhere (%(default)s)",
    )
    add("--seed", type=int, default=0, help="seed of the split (%(default)s)")
    return parser


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of plates")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
