"""Check a folder of images and masks before training: what it holds, what is left out, and what contradicts itself."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from training.data.check import check_dataset
from training.data.dataset import open_dataset
from training.data.layouts import LAYOUTS, recognised
from training.data.mask_file import MASK_RULES
from training.data.settings import DatasetSettings
from training.support.user_error import UserError

SOUND, WARNINGS, WRONG = 0, 1, 2
SUSPECTS_SHOWN = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 if there are warnings, or 2 if the folder cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        layout, good = (options.layout, "good") if options.layout else recognised(options.folder)
        good = options.good or good
        settings = DatasetSettings(
            layout=layout,
            roots=(options.folder,),
            evaluation_root=options.folder,
            evaluation_layout=layout,
            validation_fraction=options.validation_fraction,
            split_seed=options.split_seed,
            good=good,
            mask_rule=options.mask_rule,
            white_level=options.white_level,
        )
        dataset = open_dataset(settings)
        report = check_dataset(dataset)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"layout: {layout}" + (f", nominal folders named {good}" if good != "good" else ""))
    for line in report.summary:
        console.print(line)
    for kind, lines in (("warning", report.warnings), ("error", report.errors)):
        for line in lines:
            print(f"{kind}: {line}", file=sys.stderr)
    if options.suspects is not None and not report.errors:
        # imported here: torch loads slowly, and the check does not need it
        from scripts.find_suspects import find

        try:
            find(dataset, options.settings, options.suspects, SUSPECTS_SHOWN, console)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            return WRONG
    return WRONG if report.errors else WARNINGS if report.warnings else SOUND


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="check_dataset.py",
        description=__doc__,
        epilog="Exit status: 0 sound, 1 warnings, 2 not usable. Training and evaluation run the same check.",
    )
    add = parser.add_argument
    add("folder", type=Path, help="a dataset folder, or a folder in one of the layouts")
    add("--layout", choices=list(LAYOUTS), help="the layout (default: recognised)")
    add("--good", help="name of the folders of nominal images (default: good, or ok where train/ok is)")
    add(
        "--mask-rule",
        choices=MASK_RULES,
        help="which pixels of a black and white mask are defects (default: the layout's)",
    )
    add("--white-level", type=_white_level, help="the value of white in 16-bit images (default: 65535)")
    add("--validation-fraction", type=float, default=0.3, help="share of the test images for validation (%(default)s)")
    add("--split-seed", type=int, default=0, help="seed of that draw (%(default)s)")
    add(
        "--suspects",
        type=Path,
        metavar="OUT",
        help="also rank the train images by how little they are like all others, into OUT/suspects.csv (minutes)",
    )
    add("--settings", nargs="+", default=[], metavar="NAME=VALUE", help="settings of conf/train.yaml for --suspects")
    return parser


def _white_level(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
