"""Measure coresets from contaminated train images: with and without forgiving, and the suspects, beside anomalib.

On magnetic tiles and MPDD's painted plates (MVTec layout), ResNet-18 from a file, one epoch, 2048 members:
  uv run scripts/benchmark_contamination.py --tiles magnetic_tile --plates metal_plate --resnet18 resnet18.pth
      --json contamination.json
The bars alone, at 10 % contamination, with fewer test images, in some minutes:
  uv run scripts/benchmark_contamination.py --tiles magnetic_tile --plates metal_plate --quick --json bars.json
Defective images are mixed into the train images: a share of their number. Figures are means over draws of these images
and of the order. <set>_aupro_loss is the AUPRO [points] of the paper's coreset from the clean images less that of
coreset.minimum_support=auto from the contaminated ones, <set>_clean_loss the same from clean ones, and
<set>_unforgiving_loss that of the paper's from the contaminated ones. <set>_suspects_precision is the share of dirty
images among the first n suspects, where n is their number. support_overhead is the CPU time of the pass that measures
the covering radius with the count of supports over that without. With --peer, anomalib's PatchCore of as many members
is fitted to the first draw of each share. With --refill, half as many places again are collected, and the supported
members of the chosen minimum fill the 2048 places ("refilled").
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from scripts.benchmarks.accuracy_data import AccuracyData, plates, tiles
from scripts.benchmarks.accuracy_metrics import accuracy
from scripts.benchmarks.accuracy_peer import Peer
from scripts.benchmarks.accuracy_runs import MEMBERS, Extractor, named_extractors
from scripts.benchmarks.anomalib_peer import peer_python
from scripts.benchmarks.contamination import (
    accuracy_by_minimum,
    chosen_minimum,
    contaminated,
    refilled_accuracy,
    support_overhead,
    suspects_precision,
)
from training.data.dataset import Sample
from training.model.minimum_support import AUTO
from training.runs.dataset_suspects import counted
from training.support.entry_point import settle_threads
from training.support.user_error import UserError

SHARES, BAR = (0.0, 0.02, 0.05, 0.1, 0.2), 0.1
VALIDATION = 50
"""Number of the tiles' validation images."""
PEER_MEMORY_GB = 16


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=Path, metavar="FOLDER", help="magnetic tiles, MVTec layout")
    parser.add_argument("--plates", type=Path, metavar="FOLDER", help="MPDD metal plates, MVTec layout")
    parser.add_argument(
        "--resnet18", type=Path, metavar="FILE", help="weights of ResNet-18; without them EfficientNet-Lite0"
    )
    parser.add_argument("--draws", type=int, default=3, help="draws of dirty images and of the order (%(default)s)")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES, help="contaminations (%(default)s)")
    parser.add_argument("--minima", type=int, nargs="+", default=[2, 3, 4], help="minimum supports beside 1 and auto")
    parser.add_argument("--refill", action="store_true", help="also measure coresets whose freed places are refilled")
    parser.add_argument("--peer", action="store_true", help="also measure anomalib's PatchCore")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="10 %% contamination only, one draw, 60 test images")
    return parser.parse_args()


class Given(NamedTuple):
    """A dataset, the defective images to mix in, and validation images, which no other figure uses."""

    data: AccuracyData
    pool: tuple[Sample, ...]
    validation: tuple[Sample, ...]


def datasets(options: argparse.Namespace) -> list[Given]:
    """Return the given datasets. Raises UserError if there is none.

    The tiles' pool and validation images are test images that are not among the 200 tested. Of the plates' test images
    every third is for validation; images of the pool leave the test when they are mixed in.
    """
    given = []
    if options.plates:
        data = plates(options.plates)
        rest = tuple(sample for number, sample in enumerate(data.test) if number % 3)
        given.append((replace(data, test=rest), rest, data.test[::3]))
    if options.tiles:
        others = tiles(options.tiles, others=True).test
        given.append((tiles(options.tiles), others[::2], others[1::2][:VALIDATION]))
    if not given:
        raise UserError("name at least one dataset: --tiles or --plates")
    limit = 60 if options.quick else sys.maxsize
    return [
        Given(data.thinned(len(data.train), limit), tuple(s for s in pool if s.mask is not None), validation)
        for data, pool, validation in given
    ]


def measured(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Return all measurements; they are written after each draw."""
    named = named_extractors([f"resnet18={options.resnet18}"] if options.resnet18 else [])
    extractor = named[0] if named else Extractor("efficientnet_lite0", ("extractor=efficientnet_lite0",))
    shares = sorted({0.0, BAR}) if options.quick else sorted({0.0, *options.shares})
    draws = 1 if options.quick else options.draws
    found: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for data, pool, validation in datasets(options):
        built = extractor.built(f"extractor.resize={data.resize}")
        test_images = data.test_images()
        overheads: list[float] = []
        for draw in range(draws):
            places = contaminated(data, pool, max(shares), draw).test  # the same test images for every share
            tested = [test_images[place] for place in places]
            for share in shares:
                mixed = contaminated(data, pool, share, draw)
                trained = counted(mixed.train, built, data.defect_ids, MEMBERS)
                precision = suspects_precision(trained, mixed.dirty)
                auto = chosen_minimum(trained, built, data, validation)
                minima = sorted({1, auto, *options.minima})
                by_minimum = accuracy_by_minimum(trained, built, minima, tested)
                labelled: list[tuple[int | str, dict[str, Any]]] = [*by_minimum.items()]
                for minimum, figures in [*labelled, (AUTO, {**by_minimum[auto], "chosen": auto})]:
                    row = {"set": data.name, "share": share, "draw": draw, "minimum_support": minimum, **figures}
                    rows.append({**row, "suspects_precision": precision, "dirty": len(mixed.dirty)})
                if options.refill and auto > 1:
                    more = counted(mixed.train, built, data.defect_ids, MEMBERS * 3 // 2)
                    figures = refilled_accuracy(more, built, auto, MEMBERS, tested)
                    rows.append({**row, "minimum_support": "refilled", "suspects_precision": None, **figures})
                if share == 0 and draw == 0:
                    overheads.append(support_overhead(trained, built, data.defect_ids, 3))
                if options.peer and draw == 0:
                    paths = [sample.image for sample in mixed.train]
                    peer = {"set": data.name, "share": share, "draw": draw, "minimum_support": "anomalib"}
                    rows.append({**peer, **_peer(data, places, built, paths, tested, console)})
                console.print(f"{data.name}, draw {draw}, {share:.0%} dirty: done", highlight=False)
                found = {**_bars(rows), "support_overhead": fmean(overheads), "rows": rows}
                if options.json is not None:
                    options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def _peer(
    data: AccuracyData, places: tuple[int, ...], built: Any, train: list[Path], tested: list[Any], console: Console
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="stainless_contamination_") as folder:
        peer = Peer(peer_python(console), Path(folder), 600, 3600, PEER_MEMORY_GB)
        test = [data.test[place].image for place in places]
        maps = peer.predicted(data.name, built, train, test, MEMBERS)
        return accuracy(maps.maps, maps.scores, tested)


def _bars(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the figures of the bars from all rows so far."""
    bars: dict[str, float] = {}
    for name in dict.fromkeys(row["set"] for row in rows):
        clean, forgiving, dirty = (_of(rows, name, *key) for key in ((0.0, 1), (0.0, AUTO), (BAR, AUTO)))
        if clean and forgiving:
            bars[f"{name}_clean_loss"] = _loss(clean, forgiving)
        if clean and dirty:
            bars[f"{name}_aupro_loss"] = _loss(clean, dirty)
            bars[f"{name}_unforgiving_loss"] = _loss(clean, _of(rows, name, BAR, 1))
            bars[f"{name}_suspects_precision"] = fmean(row["suspects_precision"] for row in dirty)
    return bars


def _of(rows: list[dict[str, Any]], name: str, share: float, minimum: int | str) -> list[dict[str, Any]]:
    return [row for row in rows if (row["set"], row["share"], row["minimum_support"]) == (name, share, minimum)]


def _loss(reference: list[dict[str, Any]], rows: list[dict[str, Any]]) -> float:
    """Return the mean AUPRO of the reference less that of the rows, over the draws that both have, in points."""
    by_draw = {row["draw"]: row["aupro"] for row in reference}
    return 100 * fmean(by_draw[row["draw"]] - row["aupro"] for row in rows)


def table(rows: list[dict[str, Any]]) -> Table:
    """Return a table of means over draws, with the standard deviation of AUPRO; in percent."""
    shown = Table("set", "dirty", "minimum support", "AUPRO", "max F1", "image AUROC", "members", "suspects")
    for key in dict.fromkeys((row["set"], row["share"], row["minimum_support"]) for row in rows):
        group = _of(rows, *key)
        values = {name: [row[name] for row in group] for name in ("aupro", "f1", "image_auroc")}
        spread = f" ± {100 * stdev(values['aupro']):.1f}" if len(group) > 1 else ""
        members = [row["members"] for row in group if row.get("members")]
        precision = [row["suspects_precision"] for row in group if row.get("suspects_precision") is not None]
        shown.add_row(
            key[0],
            f"{key[1]:.0%}",
            str(key[2]),
            f"{100 * fmean(values['aupro']):.1f}{spread}",
            *(f"{100 * fmean(values[name]):.1f}" for name in ("f1", "image_auroc")),
            f"{np.mean(members):.0f}" if members else "",
            f"{fmean(precision):.2f}" if precision else "",
        )
    return shown


def main() -> int:
    """Measure, print and write."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        found = measured(options, console)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    console.print(table(found["rows"]))
    for name, value in found.items():
        if name != "rows":
            console.print(f"{name}: {value:.3f}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
