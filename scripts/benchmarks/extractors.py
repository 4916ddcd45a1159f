"""Compare backbones as patch extractors: one coreset pipeline, one row per dataset and extractor.

On MVTec-layout folders and dataset folders of this project, with weights from files:
  uv run scripts/benchmark_extractors.py --data magnetic_tile metal_plate runs/plates --json figures.json
      --extractor resnet18=resnet18.pth mobilenet_v3_large=runs/pretrain/backbone.safetensors
In under a minute, on a few images and a coreset of 256:
  uv run scripts/benchmark_extractors.py --quick --data magnetic_tile
A coreset depends on the order of its images: --orders 3 trains on three orders and gives the means, and the range of
the AUPRO. Random weights and the project's own weights (at one scale, at three scales, and adapted to the train images)
are always measured. CONFIG=FILE adds an extractor of conf/extractor with weights from a file; CONFIG+relu=FILE is the
minimalistic MobileNetV3, and CONFIG+adapted=FILE is also adapted.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.table import Column, Table

from scripts.training_steps import composed_config, train_and_evaluate
from training.support.entry_point import settle_threads
from training.support.typed_overrides import quoted
from training.support.user_error import UserError

KEYS = ("image_auroc", "pixel_auroc", "aupro", "f1", "ms_per_megapixel")
SPREAD = "aupro_spread"


@dataclass(frozen=True)
class Backbone:
    """A name for the table, the overrides of conf/train.yaml that select it, and whether its weights are adapted first.

    Adapted weights are fitted to the nominal images of each dataset.
    """

    name: str
    overrides: tuple[str, ...]
    adapted: bool = False


RANDOM = Backbone("random", ("extractor=mobilenet_v3_large", "extractor.weights=random"))
OURS = Backbone("stainless_texture", ("extractor=stainless_texture",))
ADAPTED = Backbone(
    "stainless_texture_three_scales+adapted", ("extractor=stainless_texture_three_scales",), adapted=True
)


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="FOLDER", help="dataset folders to measure on"
    )
    parser.add_argument("--extractor", nargs="+", default=[], metavar="CONFIG=FILE", help="weights to compare")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--pixels", type=int, help="length of an image's shorter side (default: 512)")
    parser.add_argument(
        "--orders", type=int, default=1, metavar="N", help="number of orders of the train images (default: 1)"
    )
    parser.add_argument("--training", nargs="+", default=[], metavar="NAME=VALUE", help="settings of conf/train.yaml")
    parser.add_argument("--quick", action="store_true", help="12 train images, 256 points, one epoch, 192 pixels")
    options = parser.parse_args()
    if options.pixels is None:
        options.pixels = 192 if options.quick else 512
    if options.orders < 1:
        parser.error(f"--orders {options.orders}: at least 1")
    return options


def backbones(named: list[str]) -> list[Backbone]:
    """Return the random extractor, the project's own and those of CONFIG=FILE. Raises UserError for another form."""
    chosen = [RANDOM, OURS, ADAPTED]
    for text in named:
        config, separator, file = text.partition("=")
        if not separator or not file:
            raise UserError(f"--extractor {text!r}: give CONFIG=FILE, for example resnet18=resnet18.pth")
        group, *ways = config.split("+")
        overrides = [f"extractor={group}", f"extractor.weights={quoted(Path(file).resolve())}"]
        overrides += [f"extractor.activation={way}" for way in ways if way != "adapted"]
        chosen.append(Backbone(f"{config}={Path(file).stem}", tuple(overrides), "adapted" in ways))
    return chosen


def measured_on(data: Path, backbone: Backbone, options: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Train and evaluate one extractor on one folder, per order of its images, in run folders below ``folder``.

    Returns the means under KEYS (shares in 0..1, and milliseconds), and the range of the AUPRO under SPREAD. Raises
    UserError.
    """
    if backbone.adapted:
        backbone = _adapted(data, backbone, options, folder / "adapted")
    orders = [_settings(data, backbone, options, order) for order in range(options.orders)]
    cost = milliseconds_per_megapixel(orders[0])
    rows = [train_and_evaluate("train", cfg, folder / str(order))["metrics"] for order, cfg in enumerate(orders)]
    means = [fmean(row[name] for row in rows) for name in ("image_auroc", "pixel_auroc", "aupro", "pixel_f1")]
    scores = [row["aupro"] for row in rows]
    return dict(zip(KEYS, (*means, cost), strict=True)) | {SPREAD: max(scores) - min(scores)}


def _adapted(data: Path, backbone: Backbone, options: argparse.Namespace, folder: Path) -> Backbone:
    """Return the extractor with weights adapted to the train images of a folder, written to ``folder``."""
    from training.pretraining.adapting import WEIGHTS, adapt_run
    from training.pretraining.settings import read_adaptation_settings

    cfg = composed_config("adapt", *_input(data, backbone, options), "name=adapted")
    adapt_run(read_adaptation_settings(cfg), folder)
    return Backbone(backbone.name, (*backbone.overrides, f"extractor.weights={quoted(folder / WEIGHTS)}"))


def _input(data: Path, backbone: Backbone, options: argparse.Namespace) -> list[str]:
    """Return the overrides that select the dataset, the extractor and the size of its images."""
    layout = "stainless" if (data / "dataset.json").is_file() else "mvtec"
    return [
        f"dataset={layout}",
        f"dataset.root={quoted(data.resolve())}",
        *backbone.overrides,
        f"extractor.resize={{side: shorter, pixels: {options.pixels}}}",
    ]


def _settings(data: Path, backbone: Backbone, options: argparse.Namespace, order: int) -> DictConfig:
    """Return conf/train.yaml for one extractor; order 0 is the folder's, others are drawn."""
    quick = ["coreset=small", "coreset.epochs=1", "dataset.max_images=12"] if options.quick else []
    shuffled = ["coreset.shuffle=true", f"coreset.seed={order}"] if order else []
    return composed_config(
        "train",
        *_input(data, backbone, options),
        *quick,
        *shuffled,
        *options.training,
        "name=run",
    )


def milliseconds_per_megapixel(cfg: DictConfig) -> float:
    """Return the shortest of three times for one square image of a megapixel, after a warm-up."""
    import numpy as np

    from training.features.extractor import build_extractor
    from training.features.extractor_settings import read_extractor_settings

    extractor = build_extractor(replace(read_extractor_settings(cfg.extractor), resize=None), cfg.device)
    image = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), dtype=np.uint8)
    seconds = []
    for _ in range(4):
        started = time.perf_counter()
        extractor.patches(image)
        seconds.append(time.perf_counter() - started)
    return 1000 * min(seconds[1:]) / (1024 * 1024 / 1e6)


def printed(measurements: dict[str, dict[str, dict[str, float]]], console: Console) -> None:
    """Print one table for all datasets."""
    names = ("data set", "extractor", *KEYS, SPREAD)
    table = Table(*(Column(name.replace("_", " "), overflow="fold") for name in names))
    for data, rows in measurements.items():
        for name, row in rows.items():
            table.add_row(data, name, *(f"{row[key] * (1 if 'ms' in key else 100):.1f}" for key in (*KEYS, SPREAD)))
    console.print(table)


def measured(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Return measurements by dataset and extractor. Raises UserError."""
    measurements: dict[str, Any] = {}
    chosen = backbones(options.extractor)
    with tempfile.TemporaryDirectory(prefix="stainless_benchmark_") as scratch:
        for data_number, data in enumerate(options.data):
            for number, backbone in enumerate(chosen):
                console.print(f"{data.name}: {backbone.name}")
                folder = Path(scratch) / f"{data_number}_{number}"
                measurements.setdefault(data.name, {})[backbone.name] = measured_on(data, backbone, options, folder)
                if options.json is not None:  # keeps the measurements so far if a later one fails
                    options.json.write_text(json.dumps(measurements, indent=2) + "\n", encoding="utf-8")
    return measurements


def main() -> None:
    """Run everything, print and write it."""
    settle_threads()
    options, console = arguments(), Console()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        printed(measured(options, console), console)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
