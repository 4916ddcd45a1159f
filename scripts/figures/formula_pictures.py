"""Draw a sheet of pretraining pictures: one row per product, with its sound and its flawed pictures.

Flaws are outlined in red in the last columns:
  uv run scripts/formula_pictures.py --out runs/formula_pictures.png
Another seed, and settings of conf/pretrain.yaml:
  uv run scripts/formula_pictures.py --seed 7 --settings pretrain.chances.flawed=0.6 pretrain.size=192
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from scripts.training_steps import composed_config
from training.support.user_error import UserError

RED = (220, 30, 30)
GAP = 4  # pixels between the pictures


def main() -> int:
    """Parse, draw and write; print the sheet's path."""
    description, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/formula_pictures.png"), help="picture to write (%(default)s)"
    )
    parser.add_argument("--rows", type=int, default=11, help="number of products (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the pictures (%(default)s)")
    parser.add_argument(
        "--settings", nargs="+", default=[], metavar="NAME=VALUE", help="settings of conf/pretrain.yaml"
    )
    options = parser.parse_args()
    try:
        if options.rows < 1:
            raise UserError(f"--rows {options.rows}: give at least 1")
        sheet = drawn_sheet(options.rows, options.seed, options.settings)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        if not cv2.imwrite(str(options.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
            raise UserError(f"{options.out} cannot be written")
    except (UserError, cv2.error, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"sheet: {options.out}")
    return 0


def drawn_sheet(rows: int, seed: int, overrides: list[str]) -> np.ndarray:
    """Return an RGB sheet, uint8: the pictures of ``rows`` products, then the flawed ones with flaws outlined.

    Raises UserError for a setting that conf/pretrain.yaml does not have.
    """
    import torch

    from training.formula_images.draw import Episodes
    from training.formula_images.formulas import draw_formulas
    from training.formula_images.pictures import draw_pictures
    from training.pretraining.settings import read_recipe

    settings = read_recipe(composed_config("pretrain", *overrides).pretrain)
    formulas = draw_formulas(settings.formulas, settings.seed, torch.device("cpu"))
    episodes = Episodes(rows, settings.episodes.sound, settings.episodes.flawed, settings.episodes.jitter)
    generator = torch.Generator().manual_seed(seed)
    pictures = draw_pictures(formulas, episodes, settings.size, settings.chances, generator)
    images = (pictures.pixels * 255).round().byte().permute(0, 2, 3, 1).numpy()
    outlined = [_outlined(image, flaw) for image, flaw in zip(images, pictures.flaw.numpy() > 0, strict=True)]
    lines = []
    for row in range(rows):
        tiles = [*images[row::rows], *outlined[row + rows * episodes.sound :: rows]]
        gap = np.full((settings.size, GAP, 3), 255, np.uint8)
        lines.append(np.hstack([part for tile in tiles for part in (tile, gap)][:-1]))
    gap = np.full((GAP, lines[0].shape[1], 3), 255, np.uint8)
    return np.vstack([part for line in lines for part in (line, gap)][:-1])


def _outlined(image: np.ndarray, flaw: np.ndarray) -> np.ndarray:
    contours, _ = cv2.findContours(flaw.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.ascontiguousarray(image), contours, -1, RED, 1)
