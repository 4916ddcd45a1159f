"""Common parts of the imports of labelled pictures: arguments, and the writing of the dataset folder."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from eval.runs.whole_folder import whole_folder
from scripts.layouts.clean_pictures import REFUSE, UNLABELLED
from scripts.layouts.dataset_card import write_card
from scripts.layouts.dataset_tables import DatasetTables
from scripts.layouts.label_map import DEFAULT, LabelMap, read_label_map
from scripts.layouts.labelme_folder import LabelledImage
from scripts.layouts.labelme_masks import draw_labels
from scripts.layouts.labelme_splits import CLEAN_PLATES, DEFECTIVE_PLATES, Rows, SplitChoice, Statement
from scripts.layouts.plate_pattern import read_plate_pattern
from scripts.layouts.plate_split import PlateCounts
from training.data.dataset_writer import DatasetWriter
from training.data.decoding import decoded
from training.data.sample import SPLITS
from training.support.progress import with_progress
from training.support.user_error import UserError


@dataclass(frozen=True)
class ImportChoices:
    """The choices that the arguments of every import give."""

    known: LabelMap
    split: SplitChoice
    statement: Statement


def read_choices(options: argparse.Namespace) -> ImportChoices:
    """Return the choices of parsed arguments. Raises UserError for an existing output and a wrong file or pattern."""
    if options.out.exists():
        raise UserError(f"{options.out} exists already; choose another --out or remove it")
    known = read_label_map(options.labels)
    if options.plate is not None:
        known = replace(known, path_pattern=read_plate_pattern(options.plate), pattern_of="--plate")
    counts = PlateCounts(options.train, options.validation, options.test_clean, options.test_defective)
    split = SplitChoice(counts, options.seed, options.splits, options.nominal_from)
    return ImportChoices(known, split, Statement(tuple(options.clean), options.unlabelled))


def write_import(
    out: Path,
    name: str,
    rows: Rows,
    known: LabelMap,
    seed: int,
    notes: Sequence[str],
    tables: DatasetTables | None = None,
) -> list[str]:
    """Write the dataset folder, whole or not at all; return all notes for the user, line by line.

    ``tables`` are those of an exported dataset, whose ids and parameters stay. Raises UserError.
    """
    lines = [line if line.startswith("warning: ") else f"note: {line}" for line in notes]
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(out) as fresh:
        writer = DatasetWriter(fresh, known.classes, write_card)
        for row, labelled in with_progress(rows, len(rows), "importing"):
            lines += _add(writer, row, labelled, known, tables)
        writer.finish(name, {"split": seed}, tables.description if tables else None)
    split_of = [row["split"] for row, _ in rows]
    return [*lines, ", ".join(f"{split_of.count(split)} {split} images" for split in SPLITS)]


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every import of labelled pictures, besides the source."""
    add = parser.add_argument
    add("--out", type=Path, required=True, help="dataset folder to write")
    add("--labels", type=Path, default=DEFAULT, help="YAML of classes and spellings (%(default)s)")
    clean = "pictures without a label that are clean: folders, plates, pictures, or a text file that lists them"
    add("--clean", nargs="+", default=[], metavar="NAME", help=clean)
    add(
        "--unlabelled",
        choices=UNLABELLED,
        default=REFUSE,
        help="other pictures without a label: %(choices)s (%(default)s)",
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


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of plates")
    return int(text)
