"""Write a dataset folder's card: Croissant, a README with pictures, and the table of the loader imagefolder.

Rendering and the imports write a card by themselves. For an older folder, or to state the licence:
  stainless card datasets/plates --licence CC-BY-4.0
Check that other programs can read it (extra card):
  stainless card datasets/plates --check
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.layouts.dataset_card import check_card, shown_classes, write_card
from training.data.stainless_layout import open_stainless, read_description
from training.support.user_error import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    options = _parser().parse_args(arguments)
    try:
        dataset = open_stainless(options.dataset)
        if options.check:
            if options.licence is not None:
                raise UserError("--check writes nothing; state the licence without it")
            print(f"{options.dataset}: mlcroissant reads the card and {check_card(options.dataset)} samples")
            return 0
        licence = None if options.licence is None else _licence(options.licence)
        description = read_description(options.dataset / "dataset.json")
        names = write_card(options.dataset, description, shown_classes(dataset), licence)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"card: {', '.join(str(options.dataset / name) for name in names)}")
    return 0


def _licence(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise UserError("--licence is empty or has unprintable characters; give a name (CC-BY-4.0) or an address")
    return text.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, help="a dataset folder of this project")
    parser.add_argument("--licence", metavar="NAME", help="licence to state: a name or an address (default: keep it)")
    parser.add_argument("--check", action="store_true", help="write nothing; validate croissant.json with mlcroissant")
    return parser


if __name__ == "__main__":
    sys.exit(main())
