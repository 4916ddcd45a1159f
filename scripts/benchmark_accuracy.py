"""Measure the accuracy of the coreset beside anomalib's PatchCore: same backbone, layers, images and image size.

On magnetic tiles and MPDD's painted plates (MVTec layout) and the quickstart's rendered plates, ResNet-18 from a file:
  uv run scripts/benchmark_accuracy.py --tiles magnetic_tile --plates metal_plate --rendered runs/quickstart/datasets
      --resnet18 resnet18.pth --json accuracy.json
Without any file, in a minute or two:
  uv run scripts/benchmark_accuracy.py --quick --rendered runs/quickstart/datasets
Photographs are resized to 256 x 256; rendered plates keep their size. The project's coreset has 2048 members of one
epoch; its values are means over orders of the images. anomalib keeps a tenth of all patches, or as many as it selects
in --select-seconds. F1 is the largest over all thresholds. displacement_px is the largest mean displacement of 60
planted defects, over all extractors; what a defect adds to the map counts from half of its peak on. Measurements
without their input are left out.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.benchmarks.accuracy import our_accuracy, our_displacement, peer_accuracy, peer_displacement
from scripts.benchmarks.accuracy_data import AccuracyData, plates, rendered, tiles
from scripts.benchmarks.accuracy_peer import Peer
from scripts.benchmarks.accuracy_runs import Extractor, named_extractors
from scripts.benchmarks.anomalib_peer import peer_python
from training.support.entry_point import settle_threads
from training.support.user_error import UserError

LITE0 = Extractor("efficientnet_lite0", ("extractor=efficientnet_lite0",))
OWN = Extractor("stainless_texture", ("extractor=stainless_texture",))


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=Path, metavar="FOLDER", help="magnetic tiles, MVTec layout")
    parser.add_argument("--plates", type=Path, metavar="FOLDER", help="MPDD metal plates, MVTec layout")
    parser.add_argument("--rendered", type=Path, metavar="FOLDER", help="folder with stained/ and inspected/")
    parser.add_argument(
        "--resnet18", type=Path, metavar="FILE", help="weights of ResNet-18; without them EfficientNet-Lite0"
    )
    parser.add_argument(
        "--extractor", nargs="+", default=[], metavar="CONFIG=FILE", help="more extractors for displacement_px"
    )
    parser.add_argument("--orders", type=int, default=3, help="number of orders of the train images (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument(
        "--training", nargs="+", default=[], metavar="NAME=VALUE", help="settings of conf/train.yaml, ours"
    )
    parser.add_argument("--no-peer", action="store_true", help="do not measure anomalib")
    parser.add_argument(
        "--select-seconds", type=float, default=600, help="time limit of anomalib's selection [s] (%(default)s)"
    )
    parser.add_argument(
        "--memory", type=float, default=16, metavar="GIB", help="memory limit of anomalib (%(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="12 train and 12 test images, one order")
    return parser.parse_args()


def datasets(options: argparse.Namespace) -> list[AccuracyData]:
    """Return the given datasets, thinned for a quick run. Raises UserError if there is none."""
    given = []
    if options.tiles:
        given.append(tiles(options.tiles))
    if options.plates:
        given.append(plates(options.plates))
    if options.rendered:
        given.append(rendered(options.rendered / "stained", options.rendered / "inspected"))
    if not given:
        raise UserError("name at least one dataset: --tiles, --plates or --rendered")
    return [data.thinned(12, 12) for data in given] if options.quick else given


def measured(options: argparse.Namespace, peer: Peer | None, console: Console) -> dict[str, float | None]:
    """Return all measurements by key; they are written after each dataset."""
    resnet18 = named_extractors([f"resnet18={options.resnet18}"] if options.resnet18 else [])
    main_extractor = resnet18[0] if resnet18 else LITE0
    orders = 1 if options.quick else options.orders
    measurements: dict[str, float | None] = {}
    for data in datasets(options):
        pairs = [(data.name, main_extractor)]
        if data.name == "plates" and resnet18:
            pairs.append(("lite0_plates", LITE0))
        for name, extractor in pairs:
            wanted = ("aupro", "f1") if name == "rendered" else ("aupro",) if name == "lite0_plates" else None
            console.print(f"{name}: {extractor.name}", highlight=False)
            ours = our_accuracy(data, extractor, orders, *options.training)
            measurements |= {f"{name}_{key}": value for key, value in ours.items() if wanted is None or key in wanted}
            if peer is not None:
                theirs = peer_accuracy(data, extractor, peer, console)
                kept = {key: value for key, value in theirs.items() if wanted is None or key in wanted}
                measurements |= {f"anomalib_{name}_{key}": value for key, value in kept.items()}
            _write(options.json, measurements)
    extractors = [LITE0, OWN, *resnet18, *named_extractors(options.extractor)]
    measurements["displacement_px"] = max(our_displacement(extractor) for extractor in extractors)
    if peer is not None:
        measurements["anomalib_displacement_px"] = peer_displacement(main_extractor, peer)
    _write(options.json, measurements)
    return measurements


def table(measurements: dict[str, float | None]) -> Table:
    """Return a table of our values beside anomalib's, and the difference; shares in percent."""
    shown = Table("figure", "ours", "anomalib", "difference")
    for name, value in measurements.items():
        if name.startswith("anomalib_"):
            continue
        scale, peer = (1 if name.endswith("_px") else 100), measurements.get(f"anomalib_{name}")
        cells = ["" if v is None else f"{v * scale:.1f}" for v in (value, peer)]
        both = value is not None and peer is not None
        shown.add_row(name, *cells, f"{(value - peer) * scale:+.1f}" if both else "")  # type: ignore[operator]
    return shown


def main() -> int:
    """Measure, print and write."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        with tempfile.TemporaryDirectory(prefix="stainless_accuracy_") as folder:
            peer = None
            if not options.no_peer:
                limits = (options.select_seconds, 3 * options.select_seconds + 600, options.memory)
                peer = Peer(peer_python(console), Path(folder), *limits)
            console.print(table(measured(options, peer, console)))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _write(path: Path | None, measurements: dict[str, float | None]) -> None:
    if path is not None:
        path.write_text(json.dumps(measurements, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
