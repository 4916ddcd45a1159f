"""Measure what the check of every image and mask costs, beside a training on the same images of 2448 x 2050 pixels.

The images are seeded brushed textures, a fifth of them for the test. A training is one epoch here, the least there is:
with more epochs the check's share falls. Both times grow with the number of images; the quick run gives them for 500.
  uv run scripts/benchmark_check.py --json check.json
  uv run scripts/benchmark_check.py --quick
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from scripts.benchmarks.check_pass import SIDE, check_cost, write_images
from training.support.user_error import UserError

FULL, QUICK, SEED = 500, 10, 0
LIMIT = 0.1
EPOCHS = "coreset.epochs=1"


def main() -> int:
    """Measure, print and write; return 1 if the check costs more than a tenth of the training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} images, scaled up to {FULL}: minutes")
    parser.add_argument("--training", nargs="+", default=[], metavar="NAME=VALUE", help="settings of conf/train.yaml")
    options, console = parser.parse_args(), Console()
    count = QUICK if options.quick else FULL
    try:
        with tempfile.TemporaryDirectory(prefix="stainless_check_") as folder, console.status("writing and training"):
            write_images(Path(folder), count, SEED)
            cost = check_cost(Path(folder), count, [EPOCHS, *options.training])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    scale = FULL / count
    found = {
        "images": count,
        "side": list(SIDE),
        "settings": [EPOCHS, *options.training],
        "check_seconds": round(cost.check, 2),
        "training_seconds": round(cost.training, 2),
        f"check_seconds_for_{FULL}": round(scale * cost.check, 1),
        f"training_seconds_for_{FULL}": round(scale * cost.training, 1),
        "share": round(cost.share, 4),
    }
    scaled = "" if count == FULL else f" (from {count})"
    console.print(f"{FULL} images of {SIDE[1]} x {SIDE[0]}{scaled}: check {scale * cost.check:.0f} s, ", end="")
    console.print(f"training {scale * cost.training:.0f} s, share {100 * cost.share:.1f} %")
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if cost.share < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
