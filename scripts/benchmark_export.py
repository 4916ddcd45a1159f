"""Measure exported models against their own model: difference of maps, decisions, time, size, and what int8 costs.

Time is that of images of 1024 x 1024 pixels (brushed textures) in processor seconds (user and system) of both in the
same run, so that other programs disturb it little. Difference, decisions and AUPRO are those of all test images of the
folders given, 256 x 256 inside the model.
  uv run scripts/benchmark_export.py --plates metal_plate --tiles magnetic_tile --json export.json
  uv run scripts/benchmark_export.py --quick
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.benchmarks.accuracy_data import AccuracyData, plates
from scripts.benchmarks.export import accuracy_of, comparison, exported, trained
from scripts.benchmarks.images import write_nominal_folder
from training.support.entry_point import settle_threads
from training.support.typed_overrides import quoted
from training.support.user_error import UserError

SEED, THREADS, TOLERANCE = 0, 2, 1e-3
SIDE, QUICK_SIDE = (1024, 1024), (256, 256)
MEMBERS, QUICK_MEMBERS = 2048, 256
TRAIN_IMAGES, QUICK_TRAIN_IMAGES = 60, 4
RESIZED = "extractor.resize={height: 256, width: 256}"


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=Path, metavar="FOLDER", help="MPDD metal plates, layout of MVTec AD")
    parser.add_argument("--tiles", type=Path, metavar="FOLDER", help="magnetic tiles, layout of MVTec AD")
    parser.add_argument("--extractor", default="efficientnet_lite0", help="name in conf/extractor (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="small textures only: a minute")
    return parser.parse_args()


def speed(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Train on textures, export, and return time, difference and size."""
    side, members = (QUICK_SIDE, QUICK_MEMBERS) if options.quick else (SIDE, MEMBERS)
    images = write_nominal_folder(folder / "data", 6, side, SEED)
    run = trained(folder / "run", folder / "data", coreset_settings(options, members))
    file = exported(run)
    found = comparison(run, file, images, THREADS, TOLERANCE).document()
    return {"side": list(side), "members": members, "model_mb": file.stat().st_size / 1e6, **found}


def on_dataset(folder: Path, data: AccuracyData, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Train on a dataset, export in float32 and int8; return the comparison on all test images and both AUPROs."""
    members, count = (QUICK_MEMBERS, QUICK_TRAIN_IMAGES) if options.quick else (MEMBERS, TRAIN_IMAGES)
    settings = [*coreset_settings(options, members), RESIZED, f"dataset.max_images={count}"]
    run = trained(folder, root, settings)
    file = exported(run)
    nominal = quoted(data.train[0].image.parent)
    small = exported(run, "precision=int8", f"images={nominal}", f"calibration_images={count}")
    found = comparison(run, file, [sample.image for sample in data.test], THREADS, TOLERANCE).document()
    images = data.test_images()
    in_float, in_int8 = (accuracy_of(path, THREADS, images) for path in (file, small))
    loss = None if in_float["aupro"] is None else in_float["aupro"] - in_int8["aupro"]
    return {
        **found,
        "model_mb": file.stat().st_size / 1e6,
        "int8_mb": small.stat().st_size / 1e6,
        "float32": in_float,
        "int8": in_int8,
        "int8_aupro_loss": loss,
    }


def coreset_settings(options: argparse.Namespace, members: int) -> list[str]:
    """Return the settings of every training here."""
    return [f"extractor={options.extractor}", f"coreset.size={members}", "coreset.epochs=1"]


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return all measurements. Raises UserError."""
    rows = {"textures": speed(folder / "speed", options)}
    roots = {"plates": options.plates, "tiles": options.tiles}
    if options.quick and not any(roots.values()):
        roots = {"small textures": folder / "speed" / "data"}
    for name, root in roots.items():
        if root is not None:
            rows[name] = on_dataset(folder / name.replace(" ", "_"), plates(root), root, options)
    losses = [row["int8_aupro_loss"] for row in rows.values() if row.get("int8_aupro_loss") is not None]
    return {
        "onnx_speedup": rows["textures"]["speedup_in_processor_time"],
        "relative_difference": max(row["largest_relative_difference"] for row in rows.values()),
        "decided_differently": sum(len(row["decided_differently"]) for row in rows.values()),
        "model_mb": rows["textures"]["model_mb"],
        "int8_aupro_loss": max(losses) if losses else None,
        "rows": rows,
    }


def main() -> int:
    """Measure, print and write."""
    settle_threads()
    options, console = arguments(), Console()
    try:
        with tempfile.TemporaryDirectory(prefix="stainless_export_") as folder:
            found = measured(options, Path(folder))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    columns = ("images", "difference", "decided differently", "own [s]", "ONNX [s]", "MB", "AUPRO", "AUPRO int8")
    table = Table("set", *columns)
    for name, row in found["rows"].items():
        aupros = [f"{row[kind]['aupro']:.4f}" if kind in row else "" for kind in ("float32", "int8")]
        seconds = [f"{row[who]['processor']:.3f}" for who in ("own_seconds", "exported_seconds")]
        differing = str(len(row["decided_differently"]))
        difference = f"{row['largest_relative_difference']:.2g}"
        table.add_row(name, str(row["images"]), difference, differing, *seconds, f"{row['model_mb']:.1f}", *aupros)
    console.print(table)
    console.print(f"speed-up {found['onnx_speedup']:.2f} (processor time, {THREADS} threads)")
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
