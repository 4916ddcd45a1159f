"""Compare the stand-in's row Real on calibration plates with the paper's twelve figures, before and after overrides.

The stand-in as it is configured:
  uv run scripts/calibrate_standin.py --size 816 683
Before and after a change; attempts that were made are kept:
  uv run scripts/calibrate_standin.py --size 816 683 --set 'job.water_stain.intensity=[-0.3,-0.15]'
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.exit_status import exit_status
from scripts.tables.calibration import NEAR, Attempt, calibrate, paper_figures
from scripts.tables.logged_console import logged_console
from scripts.tables.renderings import RenderSizes
from training.support.entry_point import settle_threads


def main() -> int:
    """Make the attempts and print their figures beside the paper's."""
    options = _parse()
    settle_threads()
    console = logged_console()
    width, height = options.size or (None, None)
    sizes = RenderSizes(width=width, height=height, samples=options.samples, common=tuple(options.render_set))
    attempts = [[], options.set] if options.set else [[]]

    def compare() -> None:
        _print(calibrate(options.out, sizes, attempts, options.training, console), console)
        print(f"figures: {options.out / 'calibration.csv'}")

    return exit_status(compare, options.out)


def _print(attempts: list[Attempt], console: Console) -> None:
    names = ["as configured", "with overrides"][: len(attempts)]
    table = Table(title="Row Real of table I on the calibration plates [%]", title_justify="left")
    for heading in ("figure", "paper", *names):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for figure, paper in paper_figures().items():
        cells = []
        for attempt in attempts:
            value = attempt.figures[figure]
            mark = " " if value is None or abs(value - paper) <= NEAR else "*"
            cells.append("–" if value is None else f"{value:.1f} ({value - paper:+.1f}){mark}")
        table.add_row(figure, f"{paper:.1f}", *cells)
    console.print(table)
    for name, attempt in zip(names, attempts, strict=True):
        total = len(attempt.figures)
        console.print(f"{name}: {attempt.near()} of {total} within {NEAR:g} points (* beyond)", highlight=False)


def _parse() -> argparse.Namespace:
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=Path, default=Path("runs/calibration"), help="folder of plates and figures (%(default)s)")
    add("--set", nargs="+", default=[], metavar="KEY=VALUE", help="the change of conf/render.yaml to compare")
    add("--size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"), help="pixels of a picture (2448 2050)")
    add("--samples", type=int, metavar="N", help="samples a pixel (32)")
    add(
        "--render-set",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="changes before and after, such as launcher=dask",
    )
    add("--training", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/train.yaml")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
