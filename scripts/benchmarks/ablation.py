"""Train and evaluate the rows of the second paper's ablation (its table 4), and a ninth without reconstruction.

  uv run scripts/reproduce_ablation.py --data dataset=mvtec dataset.root=metal_plate --labelled mvtec/bottle mvtec/cable
      --folder dtd/images --out runs/ablation
On a CPU, in hours, at the widths and with the steps of defect_map=lean (--base defect_map=paper is for a GPU):
  uv run scripts/reproduce_ablation.py --data dataset=mvtec dataset.root=metal_plate --base defect_map=lean
      defect_map.optimisation.steps=2000
Rows: deep features, large kernels; the anomalies' appearance from labelled anomalies (the paper: MVTec AD) or a folder
of textures (the paper: DTD); parameter copying or gradient update. Without --labelled or --folder, procedural textures
stand in for them, and the table says so. Finished rows are kept: the same command continues.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.benchmarks.defect_map_runs import Course, means, spreads
from scripts.training_steps import quoted
from training.support.entry_point import settle_threads
from training.support.user_error import UserError

KERNELS = "[31,29,27,13]"


@dataclass(frozen=True)
class Row:
    """A row of the ablation: its components, the appearance of the anomalies, and the paper's AUROC and AP."""

    deep_features: str
    large_kernels: bool
    appearance: tuple[str, ...]
    paper: tuple[float, float] | None
    reconstruction: bool = True


FOLDER, LABELLED = "folder", "labelled"
ROWS = (
    Row("none", False, (FOLDER,), (98.00, 68.40)),
    Row("none", True, (FOLDER,), (99.23, 99.62)),
    Row("none", False, (LABELLED, FOLDER), (99.61, 99.78)),
    Row("none", False, (LABELLED,), (99.25, 99.54)),
    Row("none", True, (LABELLED,), (99.58, 99.79)),
    Row("copied", False, (LABELLED,), (99.27, 99.49)),
    Row("copied", True, (LABELLED,), (99.70, 99.87)),
    Row("gradient", True, (LABELLED,), (99.33, 99.69)),
    Row("none", False, (LABELLED,), None, reconstruction=False),
)
"""The paper's rows 2 to 8 in this project's reading: the number of ticks of each is known, their columns are not."""


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True, metavar="NAME=VALUE", help="settings of the dataset")
    parser.add_argument(
        "--base",
        nargs="+",
        default=["defect_map=paper"],
        metavar="NAME=VALUE",
        help="settings of all rows (%(default)s)",
    )
    parser.add_argument("--labelled", nargs="+", type=Path, metavar="FOLDER", help="other products, MVTec layout")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="textures, such as DTD's images")
    parser.add_argument("--rows", nargs="+", type=int, metavar="N", help="numbers of the rows, from 1 (default: all)")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"), help="run folders (%(default)s)")
    return parser.parse_args()


def settings_of(row: Row, labelled: list[Path] | None, folder: Path | None) -> tuple[list[str], str]:
    """Return a row's settings, and the appearance that its anomalies really have."""
    given = {LABELLED: bool(labelled), FOLDER: folder is not None}
    kinds = [kind if given[kind] else "formula" for kind in row.appearance]
    weights = ", ".join(f"{kind}: {kinds.count(kind)}" for kind in ("formula", FOLDER, LABELLED))
    settings = [
        "synthesis=paper",
        f"synthesis.sources.kinds={{{weights}, own_images: 0, rendered: 0}}",
        f"defect_map.architecture.reconstruction={str(row.reconstruction).lower()}",
        f"defect_map.deep_features={row.deep_features}",
        f"defect_map.architecture.kernels={KERNELS if row.large_kernels else '[]'}",
    ]
    if labelled:
        settings.append(f"synthesis.sources.labelled=[{','.join(quoted(path.resolve()) for path in labelled)}]")
    if folder is not None:
        settings.append(f"synthesis.sources.folder={quoted(folder.resolve())}")
    return settings, " + ".join(kinds)


def main() -> int:
    """Train the rows, print the table."""
    settle_threads()
    options, console = arguments(), Console()
    shown = Table("row", "deep", "kernels", "appearance", "image AUROC", "pixel AP", "AUPRO", "F1", "paper: AUROC, AP")
    course = Course(options.out, tuple(options.base))
    try:
        wanted = options.rows or range(1, len(ROWS) + 1)
        if not all(1 <= number <= len(ROWS) for number in wanted):
            raise UserError(f"--rows: the rows are numbered from 1 to {len(ROWS)}")
        for number in wanted:
            row = ROWS[number - 1]
            settings, appearance = settings_of(row, options.labelled, options.folder)
            found = []
            for seed in range(options.seeds):
                console.print(f"row {number}, seed {seed}", highlight=False)
                name = f"row_{number}_{seed}"
                found.append(course.defect_map(name, options.data, *settings, f"defect_map.seed={seed}")[1])
            mean, spread = means(found), spreads(found)
            cells = [
                "" if mean[key] is None else f"{mean[key]:.1f} +- {spread[key]:.1f}"
                for key in ("image_auroc", "pixel_average_precision", "aupro", "pixel_f1")
            ]
            parts = row.deep_features if row.reconstruction else "no reconstruction"
            paper = "" if row.paper is None else f"{row.paper[0]:.2f}, {row.paper[1]:.2f}"
            shown.add_row(str(number), parts, "yes" if row.large_kernels else "no", appearance, *cells, paper)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    console.print(shown)
    console.print(
        "The paper's AP is almost surely that of images, not of pixels; docs/defect_map.md says why.", highlight=False
    )
    return 0
