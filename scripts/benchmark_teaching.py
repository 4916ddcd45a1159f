"""Measure whether a missed defect is found after teaching, and how many more nominal images are raised.

A sticker is planted in one train image. Another photograph of that plate (a little brighter, with other noise) is
missed, because the coreset knows the sticker; training.forget drops what hides it. The threshold is
threshold=false_positive_budget: the one of the largest F1 raises most nominal plates already.
  uv run scripts/benchmark_teaching.py --plates metal_plate --resnet18 resnet18.pth --json teaching.json
  uv run scripts/benchmark_teaching.py --rendered runs/quickstart/datasets
For each set: the number of stickers that were missed before, the share of those found afterwards, and the mean share
of the nominal validation and test images that are newly raised.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.benchmarks.teaching import lesson, opened, taught
from scripts.training_steps import quoted
from training.support.entry_point import settle_threads
from training.support.user_error import UserError


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=Path, metavar="FOLDER", help="MPDD metal plates, MVTec layout")
    parser.add_argument("--rendered", type=Path, metavar="FOLDER", help="folder with stained/ and inspected/")
    parser.add_argument("--resnet18", type=Path, metavar="FILE", help="weights of ResNet-18")
    parser.add_argument("--draws", type=int, default=5, help="stickers of each set (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="one sticker of each set")
    return parser.parse_args()


def measured(options: argparse.Namespace, console: Console) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each set, one per draw. Raises UserError if no set is given."""
    training = ["coreset.epochs=1", "threshold=false_positive_budget"]
    if options.resnet18:
        training += ["extractor=resnet18", f"extractor.weights={quoted(options.resnet18.resolve())}"]
    else:
        training.append("extractor=efficientnet_lite0")
    sets = {}
    if options.plates:
        plates = opened("mvtec", options.plates)
        sets["plates"] = (plates.split("train"), plates, ["extractor.resize={height: 256, width: 256}"])
    if options.rendered:
        stained, inspected = (opened("stainless", options.rendered / name) for name in ("stained", "inspected"))
        sets["rendered"] = (stained.split("train"), inspected, [])
    if not sets:
        raise UserError("name at least one set: --plates or --rendered")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in sets}
    for name, (train, evaluation, more) in sets.items():
        for draw in range(1 if options.quick else options.draws):
            with tempfile.TemporaryDirectory(prefix="stainless_teaching_") as folder:
                given = lesson(train, evaluation, Path(folder) / "data", draw)
                rows[name].append(taught(given, Path(folder), [*training, *more]))
            console.print(f"{name}, sticker {draw}: {rows[name][-1]}", highlight=False)
    return rows


def main() -> int:
    """Measure, print and write."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        rows = measured(options, console)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = Table(
        "set", "stickers", "missed before", "found afterwards", "members dropped", "nominal images newly raised"
    )
    found: dict[str, Any] = {"rows": rows}
    for name, of_set in rows.items():
        missed = [row for row in of_set if row["missed"]]
        done = [row for row in missed if row["found"]]
        newly = [row["newly_raised"] for row in done if row["newly_raised"] is not None]
        found[f"{name}_missed"], found[f"{name}_found"] = len(missed), len(done) / len(missed) if missed else None
        found[f"{name}_newly_raised"] = fmean(newly) if newly else None
        for when in ("before", "after"):
            shares = [row[f"raised_pixels_{when}"] for row in done]
            found[f"{name}_raised_pixels_{when}"] = fmean(shares) if shares else None
        dropped = f"{fmean(row['dropped'] for row in done):.1f}" if done else ""
        raised = f"{100 * fmean(newly):.1f} %" if newly else ""
        table.add_row(name, str(len(of_set)), str(len(missed)), str(len(done)), dropped, raised)
    console.print(table)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
