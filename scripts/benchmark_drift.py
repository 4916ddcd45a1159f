"""Measure the watch for drift on your own pictures: false alarms, and what it takes to raise it.

Windows are drawn from nominal pictures that the model did not see. Unchanged, they should hardly be reported; darker
and blurred ones should. The settings are those of conf/drift.
  uv run scripts/benchmark_drift.py --model runs/tiles --images tiles/test/good --json drift.json
"""

import argparse
import json
import logging
import sys
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table

from scripts.benchmarks.drift import CHANGES, share_parted, statistics_of
from training.data.file_identity import list_images
from training.drift.settings import read_drift_settings
from training.model.load_detector import load_detector
from training.model.settings import ModelOverrides
from training.support.entry_point import CONF_FOLDER
from training.support.progress import with_progress
from training.support.user_error import UserError


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, metavar="RUN", help="run folder or model file")
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of nominal pictures")
    parser.add_argument("--most", type=int, default=200, metavar="N", help="most pictures (default: %(default)s)")
    parser.add_argument("--windows", type=int, default=1000, metavar="N", help="windows (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the draws (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    return parser.parse_args()


def shares(options: argparse.Namespace) -> dict[str, float]:
    """Return the share of reported windows by change. Raises UserError."""
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        settings = read_drift_settings(compose("serve", ["model=x"]).drift)
    model = load_detector(options.model, ModelOverrides("auto"))
    if model.reference is None:
        raise UserError(f"{options.model} holds no drift reference; train it again")
    paths, rng = list(list_images(options.images).files), np.random.default_rng(options.seed)
    paths = [paths[k] for k in sorted(rng.choice(len(paths), min(len(paths), options.most), replace=False))]
    if len(paths) < settings.window:
        raise UserError(f"{options.images} has {len(paths)} pictures, fewer than the window of {settings.window}")
    found = {}
    for name, change in with_progress(CHANGES.items(), len(CHANGES), "changes"):
        rows = statistics_of(model, paths, change)
        found[name] = share_parted(model.reference, rows, settings, options.windows, rng)
    return found


def main() -> int:
    """Measure, print and write."""
    options = arguments()
    logging.disable(logging.WARNING)  # every reported window would be a line
    try:
        found = shares(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = Table("pictures", "windows reported")
    for name, share in found.items():
        table.add_row(name, f"{100 * share:.1f} %")
    Console().print(table)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
