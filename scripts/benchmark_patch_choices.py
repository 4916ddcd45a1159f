"""Compare pooling kernels, upsampling, blur and image score of the anomaly map, as means over orders of the images.

On MVTec-layout folders (at 256 x 256) and the quickstart's rendered plates, with weights from files:
  uv run scripts/benchmark_patch_choices.py --tiles magnetic_tile --plates metal_plate
      --rendered runs/quickstart/datasets --extractor resnet18=resnet18.pth --json choices.json
A quick check with the project's own weights, on a few images and one order:
  uv run scripts/benchmark_patch_choices.py --quick --rendered runs/quickstart/datasets
The tiles' test images are 200 that benchmark_accuracy.py does not use.
"""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from scripts.benchmarks.accuracy_data import AccuracyData, plates, rendered, tiles
from scripts.benchmarks.accuracy_runs import Extractor, named_extractors
from scripts.benchmarks.patch_choices import KERNELS, compared
from training.support.entry_point import settle_threads
from training.support.user_error import UserError


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=Path, metavar="FOLDER", help="magnetic tiles, MVTec layout")
    parser.add_argument("--plates", type=Path, metavar="FOLDER", help="MPDD metal plates, MVTec layout")
    parser.add_argument("--rendered", type=Path, metavar="FOLDER", help="folder with stained/ and inspected/")
    parser.add_argument("--extractor", nargs="+", default=[], metavar="CONFIG=FILE", help="weights to compare")
    parser.add_argument("--kernels", nargs="+", default=list(KERNELS), help="values of extractor.pooling (%(default)s)")
    parser.add_argument("--orders", type=int, default=3, help="number of orders of the train images (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rows to this file")
    parser.add_argument("--quick", action="store_true", help="12 train and 8 test images, one order")
    return parser.parse_args()


def datasets(options: argparse.Namespace) -> list[AccuracyData]:
    """Return the named datasets. Raises UserError if there is none."""
    named = []
    if options.tiles:
        named.append(tiles(options.tiles, others=True))
    if options.plates:
        named.append(plates(options.plates))
    if options.rendered:
        named.append(rendered(options.rendered / "stained", options.rendered / "inspected"))
    if not named:
        raise UserError("name at least one dataset: --tiles, --plates or --rendered")
    return [data.thinned(12, 8) for data in named] if options.quick else named


def main() -> int:
    """Measure everything, print the means, write the rows."""
    options, console = arguments(), Console()
    settle_threads()
    try:
        sets, extractors = (
            datasets(options),
            [
                Extractor("stainless_texture", ("extractor=stainless_texture",)),
                Extractor("efficientnet_lite0", ("extractor=efficientnet_lite0",)),
                *named_extractors(options.extractor),
            ],
        )
        rows = []
        for row in compared(sets, extractors, options.kernels, 1 if options.quick else options.orders):
            rows.append(row)
            if options.json:  # keeps the rows measured so far if a later one fails
                options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    console.print(means(rows))
    return 0


def means(rows: list[dict[str, object]]) -> Table:
    """Return a table of means over the orders, in percent, with the range (largest minus smallest)."""
    frame = pd.DataFrame(rows)
    keys = ["data", "extractor", "kernel", "map"]
    measurements = ["image_auroc", "aupro", "f1"]
    grouped = frame.groupby(keys, sort=False)[measurements]
    mean, spread = grouped.mean() * 100, (grouped.max() - grouped.min()) * 100
    table = Table(*keys, *(figure.replace("_", " ") for figure in measurements))
    for key in mean.index:
        cells = (f"{mean.loc[key, name]:.1f} ({spread.loc[key, name]:.1f})" for name in measurements)
        table.add_row(*map(str, key), *cells)
    return table


if __name__ == "__main__":
    sys.exit(main())
