"""Make the paper's tables again with a planted domain gap, to see which findings depend on one.

The real plates are copied and changed as a worse camera would take them: darker, flatter, out of focus.
Strength 0 is the tables' own rows. After reproduce_tables.py, with the same settings:
  uv run scripts/domain_gap.py --out runs/tables
The files tell the strengths and rows of the last command. Finished rows are kept.
"""

import argparse
import sys

from scripts.exit_status import exit_status
from scripts.tables.domain_gap import GapWork, measure_gaps
from scripts.tables.logged_console import logged_console
from scripts.tables.row_options import (
    add_folder_options,
    add_seed_options,
    add_training_options,
    folders_of,
    training_settings,
)
from training.support.entry_point import settle_threads


def main() -> int:
    """Make the tables at all strengths; print the effects and the files' paths."""
    work = _parse()
    settle_threads()
    console = logged_console()

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
    add_folder_options(parser)
    parser.add_argument(
        "--strengths",
        type=float,
        nargs="+",
        default=[0.0, 1.0, 2.0],
        metavar="S",
        help="strengths of the gap, 0 to 2 (0 1 2)",
    )
    add_training_options(parser)
    add_seed_options(parser)
    options = parser.parse_args()
    real, synth = folders_of(options)
    return GapWork(
        real=real,
        synth=synth,
        out=options.out,
        strengths=tuple(options.strengths),
        training=training_settings(options),
        rows=tuple(options.rows),
        seeds=tuple(options.seeds or (0, 1, 2)),
        seeds_rest=tuple(options.seeds_rest),
        features_gigabytes=options.features_gb,
    )


if __name__ == "__main__":
    sys.exit(main())
