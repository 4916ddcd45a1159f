"""Make the paper's tables again with a planted domain gap, to see which findings depend on one.

The real plates are copied and changed as a worse camera would take them: darker, flatter, out of focus.
Strength 0 is the tables' own rows. After reproduce_tables.py, with the same settings:
  uv run scripts/domain_gap.py --out runs/tables
Only some rows, at one strength:
  uv run scripts/domain_gap.py --out runs/tables --strengths 1 --rows real synth synth_ft
"""

import argparse
import logging
import sys

from rich.console import Console
from rich.logging import RichHandler

from scripts.exit_status import exit_status
from scripts.tables.domain_gap import GapWork, measure_gaps
from scripts.tables.row_options import add_row_options, datasets_of
from training.support.entry_point import settle_threads


def main() -> int:
    """Make the tables at all strengths; print the effects and the files' paths."""
    work = _parse()
    settle_threads()
    console = Console()
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )

    def measure() -> None:
        console.print(
            f"domain gap: {', '.join(map(str, measure_gaps(work, console)))}", soft_wrap=True, highlight=False
        )

    return exit_status(measure, work.out)


def _parse() -> GapWork:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_row_options(parser)
    add = parser.add_argument
    add(
        "--strengths",
        type=float,
        nargs="+",
        default=[0, 1, 2],
        metavar="S",
        help="strengths of the gap, 0 to 2 (0 1 2)",
    )
    add("--members", type=int, metavar="N", help="members of a coreset, as for the tables (2048)")
    add("--epochs", type=int, metavar="N", help="epochs at most, as for the tables (5)")
    add("--seeds", type=int, nargs="+", default=[0], metavar="N", help="seeds, as for the tables (0)")
    options = parser.parse_args()
    coreset = {"size": options.members, "epochs": options.epochs}
    sizes = [f"coreset.{name}={value}" for name, value in coreset.items() if value is not None]
    real, synth = datasets_of(options)
    return GapWork(
        real=real,
        synth=synth,
        out=options.out,
        strengths=tuple(options.strengths),
        training=(*sizes, *options.training),
        rows=tuple(options.rows),
        seeds=tuple(options.seeds),
        features_gigabytes=options.features_gb,
    )


if __name__ == "__main__":
    sys.exit(main())
