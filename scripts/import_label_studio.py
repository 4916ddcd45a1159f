"""Convert Label Studio's JSON export, brush masks included, into a dataset folder, split by plate."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.layouts.label_studio_file import read_label_studio
from scripts.layouts.labelled_import import ImportChoices, add_arguments, read_choices, write_import
from scripts.layouts.labelme_file import Annotation
from scripts.layouts.labelme_folder import check_labels
from scripts.layouts.labelme_splits import split_images
from scripts.layouts.named_pictures import NamedPictures
from training.data.file_identity import left_out_in_words
from training.data.image_file import read_image
from training.support.user_error import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    options = _parser().parse_args(arguments)
    try:
        for line in import_label_studio(options.source, options.images, options.out, read_choices(options)):
            print(line)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"dataset: {options.out}")
    return 0


def import_label_studio(source: Path, images: Path, out: Path, choices: ImportChoices) -> list[str]:
    """Write the dataset folder, whole or not at all; return notes for the user.

    A task that was finished without a result is a label that says: nothing is there. Raises UserError.
    """
    pictures = NamedPictures(images)
    drawn = []
    for entry in read_label_studio(source):
        path = pictures.find(entry.name, str(source))
        shape = read_image(path).shape
        drawn.append((path, Annotation(source, entry.size or (shape[0], shape[1]), entry.shapes)))
        check_labels(drawn[-1][1], choices.known)
    rows, notes = split_images(pictures.labelled(drawn), choices.known, pictures.root, choices.split, choices.statement)
    notes = [*left_out_in_words(pictures.listing.left_out, pictures.root), *notes]
    return write_import(out, source.resolve().stem, rows, choices.known, choices.split.seed, notes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="import_label_studio.py",
        description=__doc__,
        epilog="for instance: python -m scripts.import_label_studio export.json --images photos --out datasets/real",
    )
    parser.add_argument("source", type=Path, help="the project, exported as JSON")
    parser.add_argument("--images", type=Path, metavar="FOLDER", required=True, help="folder of the pictures")
    add_arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
