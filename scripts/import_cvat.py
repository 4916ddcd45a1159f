"""Convert CVAT's export ("CVAT for images 1.1") into a dataset folder, split by plate."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.layouts.cvat_file import read_cvat
from scripts.layouts.labelled_import import ImportChoices, add_arguments, read_choices, write_import
from scripts.layouts.labelme_file import Annotation
from scripts.layouts.labelme_folder import check_labels
from scripts.layouts.labelme_splits import split_images
from scripts.layouts.named_pictures import NamedPictures
from training.data.file_identity import left_out_in_words
from training.support.user_error import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    options = _parser().parse_args(arguments)
    try:
        for line in import_cvat(options.source, options.images, options.out, read_choices(options)):
            print(line)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"dataset: {options.out}")
    return 0


def import_cvat(source: Path, images: Path | None, out: Path, choices: ImportChoices) -> list[str]:
    """Write the dataset folder, whole or not at all; return notes for the user.

    An image without a shape has no label, as in LabelMe. Raises UserError.
    """
    beside = source.parent / "images"
    pictures = NamedPictures(images or (beside if beside.is_dir() else source.parent))
    drawn = []
    for entry in read_cvat(source):
        path = pictures.find(entry.name, str(source))
        if entry.shapes:
            drawn.append((path, Annotation(source, entry.size, entry.shapes)))
            check_labels(drawn[-1][1], choices.known)
    rows, notes = split_images(pictures.labelled(drawn), choices.known, pictures.root, choices.split, choices.statement)
    notes = [*left_out_in_words(pictures.listing.left_out, pictures.root), *notes]
    return write_import(out, source.resolve().parent.name, rows, choices.known, choices.split.seed, notes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="import_cvat.py",
        description=__doc__,
        epilog="for instance: python -m scripts.import_cvat export/annotations.xml --out datasets/real --clean p01 p02",
    )
    parser.add_argument("source", type=Path, help="annotations.xml")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="folder of the pictures (default: images/ beside)"
    )
    add_arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
