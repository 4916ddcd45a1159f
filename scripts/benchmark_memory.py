"""Measure the peak memory of training over the number and the size of the train images.

The images are seeded brushed textures. The memory is the peak above the loaded libraries. `growth` is the memory of the
second row divided by that of the first, which has a quarter of its images. 1 means that memory does not depend on their
number.
  uv run scripts/benchmark_memory.py --json memory.json
  uv run scripts/benchmark_memory.py --quick
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from scripts.benchmarks.memory import FULL, QUICK, idle_memory, peak_memory
from training.support.user_error import UserError

SEED = 0


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="small images: a minute")
    parser.add_argument("--training", nargs="+", default=[], metavar="NAME=VALUE", help="settings of conf/train.yaml")
    return parser.parse_args()


def measured(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Train every size; return the rows and the growth of memory with the number of images. Raises UserError."""
    idle, rows = idle_memory(), []
    for training in track(QUICK if options.quick else FULL, "Training", console=console):
        with tempfile.TemporaryDirectory(prefix="stainless_memory_") as folder:
            above = peak_memory(training, Path(folder), SEED, options.training) - idle
        rows.append({**vars(training), "memory_mb": round(above, 1)})
    return {"idle_mb": idle, "growth": rows[1]["memory_mb"] / rows[0]["memory_mb"], "rows": rows}


def main() -> int:
    """Measure, print and write."""
    options, console = arguments(), Console()
    try:
        found = measured(options, console)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = Table("train images", "size", "epochs", "peak [MiB]")
    for row in found["rows"]:
        names = "" if row["different"] == row["images"] else f" ({row['different']} different)"
        height, width = row["side"]
        table.add_row(f"{row['images']}{names}", f"{width} x {height}", str(row["epochs"]), str(row["memory_mb"]))
    console.print(table)
    console.print(f"libraries {found['idle_mb']:.0f} MiB; growth {found['growth']:.2f}")
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
