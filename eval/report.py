"""python -m eval.report RUN... [--out DIR] [--names NAME...] [--datasets DIR...]: one HTML report about evaluated
runs.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from eval.page.page import build_report
from eval.page.terminal_tables import print_tables
from eval.runs.run_summary import read_run
from training.support.user_error import UserError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval.report",
        description="One HTML report about evaluated runs.",
        epilog="for instance: python -m eval.report runs/real runs/synth --names Real Synth --datasets datasets/synth",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of an evaluated run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the report; <first RUN>/report if not given")
    parser.add_argument("--names", nargs="+", metavar="NAME", help="a name for every run; else its folder's")
    parser.add_argument(
        "--datasets",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="rendered datasets to show with their masks",
    )
    parser.add_argument("--title", default="Evaluation report", help="the report's title")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, or 2 after a user's mistake, told in one line on stderr."""
    parser = _parser()
    given = parser.parse_args(arguments)
    names = given.names or [None] * len(given.runs)
    try:
        if len(names) != len(given.runs):
            raise UserError(f"--names has {len(names)} names for {len(given.runs)} runs; give one for every run")
        runs = [read_run(run, name) for run, name in zip(given.runs, names, strict=True)]
        path = build_report(runs, given.datasets, given.out or given.runs[0] / "report", given.title)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    console = Console()
    print_tables(runs, console)
    console.print(f"written to {path}", soft_wrap=True, highlight=False, markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
