"""Entry point for an HTML report about evaluated runs: python -m eval.report --help."""

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
        description="Write one HTML report about evaluated runs.",
        epilog="example: python -m eval.report runs/real runs/synth --names Real Synth --datasets datasets/synth",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of an evaluated run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder (default: <first RUN>/report)")
    parser.add_argument(
        "--names", nargs="+", metavar="NAME", help="names of the runs, one for every run (default: the folders' names)"
    )
    parser.add_argument(
        "--datasets",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="dataset folders to show with their masks",
    )
    parser.add_argument(
        "--watched",
        nargs="+",
        type=Path,
        default=[],
        metavar="DIR",
        help="output folders of training.watch whose drift is shown",
    )
    parser.add_argument("--title", default="Evaluation report", help="title of the report (default: %(default)s)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0, or 2 for a user error, which is printed to stderr in one line."""
    parser = _parser()
    options = parser.parse_args(arguments)
    names = options.names or [None] * len(options.runs)
    try:
        if len(names) != len(options.runs):
            raise UserError(f"--names has {len(names)} names for {len(options.runs)} runs; give one for every run")
        runs = [read_run(run, name) for run, name in zip(options.runs, names, strict=True)]
        out = options.out or options.runs[0] / "report"
        path = build_report(runs, options.datasets, out, options.title, options.watched)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    console = Console()
    print_tables(runs, console)
    console.print(f"written to {path}", soft_wrap=True, highlight=False, markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
