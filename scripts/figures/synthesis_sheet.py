"""Draw what the training of a defect map sees: one row per example, from strong to faint over the training.

Columns: the nominal view, the example, its label (red: anomalous, grey: ignored), what a reconstruction restores.
  uv run scripts/synthesis_sheet.py dataset=mvtec dataset.root=metal_plate synthesis=mixed --out runs/synthesis.png
Settings are those of conf/train_defect_map.yaml.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.training_steps import composed_config
from training.support.user_error import UserError

GAP = 4  # pixels between the pictures
RED, GREY = (220, 30, 30), (128, 128, 128)


def main() -> int:
    """Parse, draw and write; print the sheet's path."""
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("settings", nargs="+", metavar="NAME=VALUE", help="settings of conf/train_defect_map.yaml")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/synthesis_sheet.png"), help="picture to write (%(default)s)"
    )
    parser.add_argument("--rows", type=int, default=16, help="number of changed examples (%(default)s)")
    parser.add_argument("--pairs", type=int, default=2, help="examples side by side in a row (%(default)s)")
    options = parser.parse_args()
    try:
        if options.rows < 1 or options.pairs < 1:
            raise UserError("--rows and --pairs must be at least 1")
        sheet = drawn_sheet(options.settings, options.rows, options.pairs)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        if not cv2.imwrite(str(options.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
            raise UserError(f"{options.out} cannot be written")
    except (UserError, cv2.error, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"sheet: {options.out}")
    return 0


def drawn_sheet(overrides: list[str], rows: int, pairs: int = 1) -> NDArray[np.uint8]:
    """Return an RGB sheet of ``rows`` x ``pairs`` changed examples, evenly spread over the training.

    Raises UserError for a wrong setting or dataset.
    """
    from training.runs.defect_map_run import open_examples
    from training.runs.defect_map_settings import read_defect_map_run_settings

    settings = read_defect_map_run_settings(composed_config("train_defect_map", *overrides))
    maker = open_examples(settings).maker
    steps, count = settings.defect_map.optimisation.steps, rows * pairs
    lines = []
    for number in range(count):
        step = number * steps // count
        place = next((p for p in range(200) if (maker.example(step, p).label == 1).any()), 0)
        example = maker.example(step, place)
        lines.append(_row([maker.nominal(step, place).image, example.image, _shown(example.label), example.target]))
    columns = [np.vstack([_with_gap(line) for line in lines[n::pairs]]) for n in range(pairs)]
    return np.hstack(
        [part for column in columns for part in (column, np.full((len(column), 4 * GAP, 3), 255, np.uint8))]
    )


def _row(tiles: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    gap = np.full((tiles[0].shape[0], GAP, 3), 255, np.uint8)
    return np.hstack([part for tile in tiles for part in (tile, gap)][:-1])


def _with_gap(line: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.vstack([line, np.full((GAP, line.shape[1], 3), 255, np.uint8)])


def _shown(label: NDArray[np.uint8]) -> NDArray[np.uint8]:
    shown = np.zeros((*label.shape, 3), np.uint8)
    shown[label == 1], shown[label == 255] = RED, GREY
    return shown
