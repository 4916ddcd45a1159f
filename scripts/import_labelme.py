"""Convert images with LabelMe annotations into a dataset folder, split by plate."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scripts.layouts.dataset_tables import SIDECAR, DatasetTables, read_tables
from scripts.layouts.label_map import LabelMap, spelling
from scripts.layouts.labelled_import import ImportChoices, add_arguments, read_choices, write_import
from scripts.layouts.labelme_file import IGNORED
from scripts.layouts.labelme_folder import LabelledImage, find_images
from scripts.layouts.labelme_splits import split_images
from training.data.file_identity import left_out_in_words
from training.data.sample import DefectClass
from training.support.user_error import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    options = _parser().parse_args(arguments)
    try:
        for line in import_labelme(options.source, options.out, read_choices(options)):
            print(line)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"dataset: {options.out}")
    return 0


def import_labelme(source: Path, out: Path, choices: ImportChoices) -> list[str]:
    """Write the dataset folder, whole or not at all; return notes for the user, line by line.

    A folder that export_dataset.py made keeps its splits, classes and tables. Raises UserError.
    """
    known = choices.known
    tables = read_tables(source / SIDECAR) if (source / SIDECAR).is_dir() else None
    if tables is not None:
        known = _with_classes_of(known, tables)
    folder = find_images(source, known)
    notes = [*folder.notes, *left_out_in_words(folder.left_out, source)]
    if tables is None:
        rows, further = split_images(folder.images, known, source, choices.split, choices.statement)
        notes += further
    else:
        rows = _recorded(folder.images, tables, source)
    return write_import(out, source.resolve().name, rows, known, choices.split.seed, notes, tables)


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="import_labelme.py",
        description=__doc__,
        epilog="for instance: python -m scripts.import_labelme photos --out datasets/real --clean photos/clean",
    )
    parser.add_argument("source", type=Path, help="folder of pictures and LabelMe files, searched recursively")
    add_arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
