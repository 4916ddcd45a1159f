"""Measure defect maps beside the coreset and fused with it, the large kernel, and the time of an image.

On MPDD's painted plates (MVTec layout), three seeds, tiny defect maps on procedural textures:
  uv run scripts/benchmark_defect_map.py --plates metal_plate --json defect_map.json
With magnetic tiles as well, and a coreset on ResNet-18 from a file:
  uv run scripts/benchmark_defect_map.py --plates metal_plate --tiles magnetic_tile --coreset extractor=resnet18
      extractor.weights=resnet18.pth --json defect_map.json
Rendered plates, with stains as sound examples and without (scripts/quickstart.py makes clean and inspected,
scripts/render.py render=triplets the triplets):
  uv run scripts/benchmark_defect_map.py --rendered runs/quickstart/datasets --triplets datasets/triplets
In a few minutes, one seed and a fifth of the steps:
  uv run scripts/benchmark_defect_map.py --quick --plates metal_plate
Percent, means over the seeds; _spread is the standard deviation. f1 is at the threshold from validation, largest_f1
over all thresholds of the test pixels. large_kernel_speedup: a forward and backward pass of a 31 x 31 depth-wise
kernel on 4 x 64 x 64 x 64, CPU time in torch's default layout over this project's. tiny_ms: CPU time of one image of
256 x 256 pixels with defect_map=tiny, one thread. draem_: anomalib's DraemModel at the same width, on the same batches,
learning rates and image size, in its own environment, with its own losses; step_ms is the CPU time of a step on one
thread, and own_step_ms that of this project's on the same batches. border_alarms: nominal pixels above the threshold
in the outer 16 of images cut by 48 on every side; inside_alarms: the same pixels of the uncut images.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.benchmarks.anomalib_peer import peer_python
from scripts.benchmarks.defect_map_borders import border_alarms, nominal_test_images
from scripts.benchmarks.defect_map_impurities import impurity_figures
from scripts.benchmarks.defect_map_runs import Course, means, spreads
from scripts.benchmarks.draem_peer import draem
from scripts.training_steps import quoted
from training.support.entry_point import settle_threads
from training.support.user_error import UserError

BORDER = ("border_alarms", "inside_alarms")
SHORT = {"image_auroc": "image_auroc", "pixel_average_precision": "ap", "aupro": "aupro", "pixel_f1": "f1"}


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=Path, metavar="FOLDER", help="MPDD metal plates, MVTec layout")
    parser.add_argument("--tiles", type=Path, metavar="FOLDER", help="magnetic tiles, MVTec layout")
    parser.add_argument("--rendered", type=Path, metavar="FOLDER", help="folder with clean/ and inspected/")
    parser.add_argument("--triplets", type=Path, metavar="FOLDER", help="dataset folder of render=triplets")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (%(default)s)")
    parser.add_argument(
        "--settings",
        nargs="+",
        default=["defect_map=tiny"],
        metavar="NAME=VALUE",
        help="settings of conf/train_defect_map.yaml (default: defect_map=tiny)",
    )
    parser.add_argument(
        "--coreset",
        nargs="+",
        default=["extractor=efficientnet_lite0", "extractor.resize={height: 256, width: 256}", "coreset.epochs=1"],
        metavar="NAME=VALUE",
        help="settings of conf/train.yaml (default: EfficientNet-Lite0 at 256 x 256, one epoch)",
    )
    parser.add_argument(
        "--runs", type=Path, metavar="FOLDER", help="keep the run folders here; finished ones are reused"
    )
    parser.add_argument("--no-peer", action="store_true", help="do not measure anomalib's DRAEM")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="one seed and 240 steps")
    return parser.parse_args()


def measured(options: argparse.Namespace, folder: Path, console: Console) -> dict[str, float | None]:
    """Return all measurements by key; they are written after each dataset."""
    seeds = 1 if options.quick else options.seeds
    peer = None if options.no_peer else peer_python(console)
    quick = ("defect_map.optimisation.steps=240",) if options.quick else ()
    course = Course(folder, (*options.settings, *quick))
    found: dict[str, float | None] = {
        "large_kernel_speedup": large_kernel_speedup(),
        "tiny_ms": 1000 * tiny_seconds(),
    }
    for name in ("plates", "tiles"):
        root = getattr(options, name)
        if root is None:
            continue
        dataset = ("dataset=mvtec", f"dataset.root={quoted(root.resolve())}")
        console.print(f"{name}: coreset", highlight=False)
        if peer is not None:
            console.print(f"{name}: anomalib's DRAEM", highlight=False)
            settings = (*options.settings, *quick)
            peers = [draem(peer, folder / f"{name}_draem_{seed}", dataset, settings, seed) for seed in range(seeds)]
            found |= {f"draem_{name}_{key}": _mean([p[key] for p in peers]) for key in ("ap", "step_ms", "own_step_ms")}
        coreset, of_coreset = course.coreset(f"{name}_coreset", dataset, *options.coreset)
        maps, fusions, borders = [], [], []
        nominal = nominal_test_images(dataset)
        for seed in range(seeds):
            console.print(f"{name}: defect map, seed {seed}", highlight=False)
            run, metrics = course.defect_map(f"{name}_map_{seed}", dataset, f"defect_map.seed={seed}")
            maps.append(metrics)
            borders.append(border_alarms(run, nominal))
            fusions.append(course.fusion(f"{name}_fused_{seed}", [coreset, run])[1])
        found |= _keys(f"{name}_", means(maps)) | _keys(f"{name}_", spreads(maps), "_spread")
        found |= _keys(f"fused_{name}_", means(fusions)) | _keys(f"fused_{name}_", spreads(fusions), "_spread")
        found |= _keys(f"coreset_{name}_", of_coreset)
        found |= {f"{name}_{key}": statistics.mean(b[i] for b in borders) for i, key in enumerate(BORDER)}
        _write(options.json, found)
    if options.rendered is not None:
        console.print("rendered plates: impurities as sound examples", highlight=False)
        clean, inspected = options.rendered / "clean", options.rendered / "inspected"
        found |= impurity_figures(course, options.triplets, clean, inspected, seeds)
    _write(options.json, found)
    return found


def large_kernel_speedup() -> float:
    """Return how many times faster a forward and backward pass of the large kernel is than in torch's layout."""
    import torch

    from training.defect_map.large_kernel import depthwise

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 64, 64, 64, generator=generator, requires_grad=True)
    weight = torch.randn(64, 1, 31, 31, generator=generator, requires_grad=True)
    upstream = torch.randn(4, 64, 64, 64, generator=generator)
    theirs = _seconds(
        lambda: torch.autograd.grad(
            torch.nn.functional.conv2d(x, weight, padding=15, groups=64), (x, weight), upstream
        ),
        3,
    )
    ours = _seconds(lambda: torch.autograd.grad(depthwise(x, weight), (x, weight), upstream), 5)
    torch.set_num_threads(threads)
    return theirs / ours


def tiny_seconds() -> float:
    """Return the seconds of one thread for the map of an image of 256 x 256 pixels with defect_map=tiny."""
    import numpy as np
    import torch

    from scripts.training_steps import composed_config
    from training.defect_map.defect_map_model import DefectMapModel
    from training.defect_map.network import DefectMapNetwork
    from training.defect_map.settings import read_defect_map_settings

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    settings = read_defect_map_settings(
        composed_config("train_defect_map", "dataset.root=x", "defect_map=tiny").defect_map
    )
    network = DefectMapNetwork(settings.architecture, torch.Generator().manual_seed(0))
    model = DefectMapModel(network, settings.map, torch.device("cpu"))
    image = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    seconds = _seconds(lambda: model.anomaly_map(image), 9)
    torch.set_num_threads(threads)
    return seconds


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.mean(known) if len(known) == len(values) else None


def table(found: dict[str, Any]) -> Table:
    """Return a table of the measurements."""
    shown = Table("figure", "value")
    for name, value in found.items():
        shown.add_row(name, "" if value is None else f"{value:.1f}")
    return shown


def main() -> int:
    """Measure, print and write."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        if options.plates is None and options.tiles is None and options.rendered is None:
            raise UserError("name at least one dataset: --plates, --tiles or --rendered")
        if (options.rendered is None) != (options.triplets is None):
            raise UserError("--rendered and --triplets are needed together")
        if options.runs is not None:
            console.print(table(measured(options, options.runs, console)))
        else:
            with tempfile.TemporaryDirectory(prefix="stainless_defect_map_") as folder:
                console.print(table(measured(options, Path(folder), console)))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _keys(prefix: str, metrics: dict[str, Any], suffix: str = "") -> dict[str, float | None]:
    return {f"{prefix}{SHORT.get(name, name)}{suffix}": value for name, value in metrics.items()}


def _seconds(call: Callable[[], Any], repeats: int) -> float:
    """Return the median CPU seconds of a call, after one that does not count."""
    call()
    times = []
    for _ in range(repeats):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return statistics.median(times)


def _write(path: Path | None, found: dict[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
