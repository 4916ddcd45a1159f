"""Update a coreset every day for a month, under a light that drifts and plates that change in the middle.

Every day some nominal plates are rendered: the ring light slowly turns and grows weaker, a new texture batch comes
after half of the month, and on every tenth day one of the plates is defective, unnoticed. Three coresets of one size
see them: never updated (the first day's), training.update, and training.update with coreset.minimum_support=2.
  uv run scripts/continual_use.py --out runs/continual
In a few minutes, 6 days:
  uv run scripts/continual_use.py --quick --out runs/continual_quick
Finished pictures and updates are kept: the same command continues. The table gives AUPRO and the largest F1 over pixels
[%] on the first day's test plates and on the same day's, and the number of members; continual.json holds them.
The picture of the docs: uv run scripts/continual_plot.py runs/continual/continual.json docs/pictures/continual.png
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from scripts.benchmarks.accuracy_data import LabelledTestImage, images_of
from scripts.benchmarks.accuracy_runs import accuracy_of_grids, distance_grids
from scripts.benchmarks.continual_days import Month
from scripts.rendering.process import RenderError, run_render_job
from scripts.training_steps import composed_config, quoted
from training.support.entry_point import settle_threads
from training.support.progress import with_progress
from training.support.user_error import UserError
from training.support.whole_file import write_whole

STRATEGIES = {
    "never": ("never updated", None),
    "update": ("updated daily", 1),
    "forgiving": ("updated daily, minimum support 2", 2),
}
EXTRACTOR = "extractor=efficientnet_lite0"


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/continual"), help="folder of all results (%(default)s)")
    parser.add_argument("--days", type=int, default=30, help="number of days (%(default)s)")
    parser.add_argument("--members", type=int, default=1024, help="members of each coreset (%(default)s)")
    parser.add_argument("--every", type=int, default=3, help="days between two tests (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file, too")
    parser.add_argument("--quick", action="store_true", help="6 days of smaller pictures, 256 members")
    return parser.parse_args()


def rendered(month: Month, tested: list[int], out: Path) -> None:
    """Render what is missing of the month's dataset folders. Raises RenderError and UserError.

    The labels of defective train plates are emptied: nobody has noticed them.
    """
    for day in range(1, month.days + 1):
        run_render_job(month.train_job(day), folder_of(out, day, "train"))
        if day in month.dirty:
            _forget_labels(folder_of(out, day, "train"))
        if day in tested:
            run_render_job(month.test_job(day), folder_of(out, day, "test"))


def updated(month: Month, out: Path, members: int, strategy: str) -> list[Path]:
    """Return the run folder of each day for a strategy; finished ones are kept, the first day's is shared."""
    support = STRATEGIES[strategy][1]
    runs = [_trained(out, members)]
    for day in range(2, month.days + 1):
        runs.append(runs[0] if support is None else _update(out, strategy, day, runs[-1], support))
    return runs


def folder_of(out: Path, day: int, kind: str) -> Path:
    """Return the dataset folder of a day."""
    return out / "datasets" / f"day_{day:02d}_{kind}"


def _forget_labels(folder: Path) -> None:
    for path in sorted((folder / "masks").glob("*.png")):
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert mask is not None  # it was just rendered
        ok, encoded = cv2.imencode(".png", np.zeros_like(mask))
        assert ok
        write_whole(path, encoded.tobytes())


def _trained(out: Path, members: int) -> Path:
    from training.runs.settings import read_training_settings
    from training.runs.training_run import train_run

    run = out / "runs" / f"first_{members}"
    if not (run / "training.json").is_file():
        size = (f"coreset.size={members}", "coreset.epochs=1")
        train_run(read_training_settings(composed_config("train", *_data(out, 1), EXTRACTOR, *size)), run)
    return run


def _update(out: Path, strategy: str, day: int, source: Path, support: int) -> Path:
    from training.runs.settings import read_continuation_settings
    from training.runs.training_run import update_run

    members = source.name.split("_")[-1]
    run = out / "runs" / strategy / f"day_{day:02d}_{members}"
    if not (run / "training.json").is_file():
        chosen = (f"source={quoted(source)}", f"coreset.minimum_support={support}")
        update_run(read_continuation_settings(composed_config("update", *chosen, *_data(out, day))), run)
    return run


def _data(out: Path, day: int) -> tuple[str, str]:
    """Return the settings of a day's train plates, with the first day's validation plates for the threshold."""
    train, first = (quoted(folder_of(out, *of).resolve()) for of in ((day, "train"), (1, "test")))
    return f"dataset.root={train}", f"dataset.evaluation_root={first}"


def accuracy_on(run: Path, images: list[LabelledTestImage]) -> dict[str, float | None]:
    """Return a model's accuracy on test images in percent, and its number of members."""
    from training.model.anomaly_model import trained_model
    from training.model.file import load_model
    from training.model.settings import ModelOverrides

    stored = load_model(run)
    model = trained_model(str(run), stored, ModelOverrides("cpu"))
    found = accuracy_of_grids(model, distance_grids(model, images), images)
    return {name: None if value is None else 100 * value for name, value in found.items()} | {
        "members": float(len(stored[0]))
    }


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Render, update and measure; return the figures by strategy and day."""
    quick = options.quick
    days, members = (6, 256) if quick else (options.days, options.members)
    side = (204, 171) if quick else (306, 256)
    month = Month(days, 4, 3, *side, frozenset(day for day in range(1, days + 1) if day % 10 == 5))
    tested = sorted({1, days, month.batch_day, *range(1, days + 1, options.every)})
    rendered(month, tested, options.out)
    tests = {day: images_of(folder_of(options.out, day, "test"), "test") for day in tested}
    found: dict[str, Any] = {"days": tested, "batch_day": month.batch_day, "dirty_days": sorted(month.dirty)}
    for strategy in STRATEGIES:
        runs = updated(month, options.out, members, strategy)
        rows = []
        for day in with_progress(tested, len(tested), f"Measure: {STRATEGIES[strategy][0]}"):
            first, latest = (accuracy_on(runs[day - 1], tests[of]) for of in (1, day))
            rows.append({"day": day, "first": first, "latest": latest})
        found[strategy] = rows
    return found


def table(found: dict[str, Any]) -> Table:
    """Return a table of the last day."""
    shown = Table("coreset", "members", "first day: AUPRO", "F1", f"day {found['days'][-1]}: AUPRO", "F1")
    for strategy, (title, _) in STRATEGIES.items():
        row = found[strategy][-1]
        cells = [f"{row[of][name]:.1f}" for of in ("first", "latest") for name in ("aupro", "f1")]
        shown.add_row(title, f"{row['first']['members']:.0f}", *cells)
    return shown


def main() -> int:
    """Measure, print and write."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        if options.days < 2 or options.every < 1 or options.members < 1:
            raise UserError("--days must be at least 2, --every and --members at least 1")
        found = measured(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except RenderError as error:
        print(f"error: {error} (run the same command again: finished parts are kept)", file=sys.stderr)
        return 1
    console.print(table(found))
    for path in (options.out / "continual.json", options.json):
        if path is not None:
            path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0
