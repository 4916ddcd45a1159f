"""Measure the sequential coreset against the raw matrix product and against anomalib 2.7, in one run.

The measurements of docs/performance.md:
  uv run scripts/benchmark_coreset.py --json figures.json --plots docs/pictures
In a minute or two, on small images and without anomalib:
  uv run scripts/benchmark_coreset.py --quick --json figures.json
With a trained backbone, and real images (in the layout of MVTec AD) for AUPRO:
  uv run scripts/benchmark_coreset.py --tiles magnetic_tile --training extractor=resnet18 extractor.weights=resnet18.pth
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.benchmarks.anomalib_peer import peer_python
from scripts.benchmarks.scale import FULL, QUICK
from training.support.entry_point import settle_threads
from training.support.user_error import UserError

KEYS = (
    "coreset_speedup_vs_anomalib",
    "fit_speedup_vs_anomalib",
    "first_image_over_gemm",
    "steady_state_over_gemm",
    "inference_over_floor",
    "peak_memory_mb",
    "radius_over_greedy",
    "aupro_ours",
    "aupro_anomalib",
    "meld_seconds",
)


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="with --json: plot time and memory into this folder"
    )
    parser.add_argument("--quick", action="store_true", help="small images, 256 points; anomalib only with --anomalib")
    parser.add_argument("--anomalib", action="store_true", help="compare with anomalib in a quick run as well")
    parser.add_argument("--tiles", type=Path, metavar="FOLDER", help="MVTec-layout images for AUPRO")
    parser.add_argument("--growth", type=int, nargs="+", metavar="N", help="numbers of images for the fits")
    parser.add_argument("--memory-gb", type=float, default=12.0, help="limit of anomalib's memory (default: 12)")
    parser.add_argument("--seconds", type=float, default=900.0, help="limit of each of anomalib's jobs (default: 900)")
    parser.add_argument("--training", nargs="+", default=[], metavar="NAME=VALUE", help="settings of conf/train.yaml")
    return parser.parse_args()


def measured(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Run the requested stages; values of other stages are None. Raises UserError."""
    from scripts.benchmarks.stages import (
        Bench,
        compare_on_tiles,
        compare_with_peer,
        compare_with_product,
    )  # torch loads slowly

    scale = QUICK if options.quick else FULL
    python = peer_python(console) if options.anomalib or not options.quick else None
    with tempfile.TemporaryDirectory(prefix="stainless_benchmark_") as name:
        bench = Bench(Path(name), scale, tuple(options.training), python, options.memory_gb, options.seconds, console)
        measurements: dict[str, Any] = {**dict.fromkeys(KEYS), **compare_with_product(bench)}
        measurements |= compare_with_peer(bench, tuple(options.growth or scale.growth))
        if options.tiles is not None:
            measurements |= compare_on_tiles(bench, options.tiles.resolve())
    return measurements


def plotted(measurements: Path, folder: Path, python: Path) -> None:
    """Plot time and memory over images, with the matplotlib of anomalib's environment."""
    subprocess.run(
        [str(python), str(Path(__file__).with_name("performance_plots.py")), measurements, folder], check=True
    )


def main() -> None:
    """Run everything, print and write it."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        measurements = measured(options, console)
    except UserError as error:
        console.file.flush()
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    for key in KEYS:
        console.print(f"{key:30} {'not measured' if measurements[key] is None else format(measurements[key], '.4g')}")
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(measurements, indent=2) + "\n")
        if options.plots is not None:
            plotted(options.json, options.plots, peer_python(console))
