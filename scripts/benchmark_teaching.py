"""Measure whether a missed defect is found after teaching, and how many more nominal images are raised.

A sticker is planted in one train image. Another photograph of that plate (a little brighter, with other noise) is
missed, because the coreset knows the sticker; training.forget drops what hides it. The threshold is
threshold=false_positive_budget: the one of the largest F1 raises most nominal plates already.
  uv run scripts/benchmark_teaching.py --plates metal_plate --resnet18 resnet18.pth --json teaching.json
  uv run scripts/benchmark_teaching.py --rendered runs/quickstart/datasets
Then the reverse: a sticker that is sound and new raises a false alarm, and training.update learns its picture.
For each set: the number of stickers that were missed before, the share of those found afterwards, and the mean share
of the nominal validation and test images that are newly raised; of the false alarms, those that another photograph
raises no more (accepted), and AUPRO, pixel recall and precision [%] of the test images before and after the update.
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
from scripts.benchmarks.teaching_nominal import ACCURACY, accepted
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


Rows = dict[str, list[dict[str, Any]]]


def measured(options: argparse.Namespace, console: Console) -> tuple[Rows, Rows]:
    """Return the rows of each set, one per draw: missed defects, false alarms. Raises UserError without a set."""
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
    alarms: dict[str, list[dict[str, Any]]] = {name: [] for name in sets}
    for name, (train, evaluation, more) in sets.items():
        for draw in range(1 if options.quick else options.draws):
            with tempfile.TemporaryDirectory(prefix="stainless_teaching_") as folder:
                given = lesson(train, evaluation, Path(folder) / "data", draw)
                rows[name].append(taught(given, Path(folder), [*training, *more]))
            console.print(f"{name}, sticker {draw}: {rows[name][-1]}", highlight=False)
            with tempfile.TemporaryDirectory(prefix="stainless_teaching_") as folder:
                alarms[name].append(accepted(train, evaluation, Path(folder), draw, [*training, *more]))
            console.print(f"{name}, false alarm {draw}: {alarms[name][-1]}", highlight=False)
    return rows, alarms


def accepted_figures(alarms: Rows) -> dict[str, float | None]:
    """Return the number of false alarms of each set, the share accepted, and the means of the test images' accuracy."""
    found: dict[str, float | None] = {}
    for name, rows in alarms.items():
        raised = [row for row in rows if row["before"] >= 1]
        found[f"{name}_false_alarms"] = len(raised)
        found[f"{name}_accepted"] = fmean(row["after"] < 1 for row in raised) if raised else None
        for key in (f"{part}_{when}" for part in ACCURACY for when in ("before", "after")):
            values = [row[key] for row in rows if row[key] is not None]
            found[f"{name}_{key}"] = fmean(values) if values else None
    return found


def main() -> int:
    """Measure, print and write."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        rows, alarms = measured(options, console)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = Table(
        "set", "stickers", "missed before", "found afterwards", "members dropped", "nominal images newly raised"
    )
    found: dict[str, Any] = {"rows": rows, "alarms": alarms, **accepted_figures(alarms)}
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
    for key, value in accepted_figures(alarms).items():
        console.print(f"{key}: {value}", highlight=False)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
