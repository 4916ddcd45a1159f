"""Measure what choosing the threshold on a few validation plates costs: test F1 over draws of plates.

With the quickstart's plates and a dataset of a dozen validation plates, rendered by
  uv run scripts/render.py render=quickstart_inspected out=datasets/validation job.name=validation job.first_plate=300
      'job.splits=[{name: validation, plates: 12, water_stains: true, scratches: [2, 3], dents: [3, 4]}]'
compare the threshold of 1, 2, 4 and 8 plates with the best one:
  uv run scripts/benchmark_threshold.py --rendered runs/quickstart/datasets --validation datasets/validation
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from scripts.benchmarks.accuracy_data import AccuracyData, images_of, rendered
from scripts.benchmarks.accuracy_runs import Extractor, coreset_of, map_settings, named_extractors
from scripts.benchmarks.threshold_choice import best_f1, f1_of_draws, score_histograms
from training.model.anomaly_model import AnomalyModel
from training.support.entry_point import settle_threads
from training.support.user_error import UserError

PLATES = (1, 2, 4, 8)


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rendered", type=Path, required=True, metavar="FOLDER", help="with stained/ and inspected/")
    parser.add_argument("--validation", type=Path, required=True, metavar="FOLDER", help="dataset of validation plates")
    parser.add_argument("--extractor", nargs="+", default=[], metavar="CONFIG=FILE", help="more extractors")
    parser.add_argument("--draws", type=int, default=50, help="draws of plates (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--quick", action="store_true", help="ten draws")
    return parser.parse_args()


def measured(extractor: Extractor, data: AccuracyData, validation: Path, draws: int) -> dict[str, Any]:
    """Return the largest test F1, and for each number of plates mean and standard deviation over draws, in 0..1."""
    built = extractor.built()
    model = AnomalyModel(built, coreset_of(built, data.train, data.defect_ids), map_settings())
    test = score_histograms(model, data.test_images())
    chosen = score_histograms(model, images_of(validation, "validation"))
    row: dict[str, Any] = {"best": best_f1(test)}
    for plates in (number for number in PLATES if number <= len(chosen)):
        scores = f1_of_draws(chosen, test, plates, draws, np.random.default_rng(plates))
        row[str(plates)] = {"mean": float(scores.mean()), "deviation": float(scores.std())}
    return row


def main() -> int:
    """Measure, print, write."""
    settle_threads()
    options, console = arguments(), Console()
    own = [Extractor(name, (f"extractor={name}",)) for name in ("stainless_texture", "efficientnet_lite0")]
    try:
        data = rendered(options.rendered / "stained", options.rendered / "inspected")
        extractors = [*own, *named_extractors(options.extractor)]
        draws = 10 if options.quick else options.draws
        rows = {e.name: measured(e, data, options.validation, draws) for e in track(extractors, console=console)}
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = Table("extractor", "best", *(f"{plates} plates" for plates in PLATES), title="F1 of the test pixels [%]")
    for name, row in rows.items():
        cells = [row.get(str(plates)) for plates in PLATES]
        shown = ("" if c is None else f"{c['mean'] * 100:.1f} +- {c['deviation'] * 100:.1f}" for c in cells)
        table.add_row(name, f"{row['best'] * 100:.1f}", *shown)
    console.print(table)
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
