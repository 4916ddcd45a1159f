"""Lay out a dataset's pictures beside their masks and instances, for a check before training."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from eval.pictures.overlay import colour_classes
from training.data.dataset import Dataset, Sample, read_image, read_instances, read_mask
from training.data.stainless_layout import open_stainless
from training.support.user_error import UserError

GAP = 8  # pixels between the tiles
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]
GOLDEN_ANGLE = 137.508  # degrees of hue between instances, so that neighbours differ


def main() -> int:
    """Parse, lay out and write; print the sheet's path."""
    options = _parse()
    try:
        dataset = open_stainless(options.dataset)
        sheet = contact_sheet(dataset, _chosen(dataset, options), options.width, options.instances)
        out = options.out or options.dataset / "contact_sheet.jpg"
        if not cv2.imwrite(str(out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), QUALITY):
            raise UserError(f"{out} cannot be written")
    except (UserError, cv2.error, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"contact sheet: {out}")
    return 0


def contact_sheet(dataset: Dataset, samples: Sequence[Sample], width: int, instances: bool) -> np.ndarray:
    """Return an RGB picture, uint8: one row per sample with picture, class mask and instances, each `width` wide.

    Raises UserError if the dataset is empty or a file cannot be read.
    """
    if not samples:
        raise UserError(f"{dataset.root} has no samples")
    rows = []
    for sample in samples:
        image = read_image(sample.image)
        mask = read_mask(sample, image.shape)
        tiles = [_scaled(image, width, cv2.INTER_AREA)]
        tiles.append(_scaled(colour_classes(mask, dataset.classes, dataset.ignore_id), width, cv2.INTER_NEAREST))
        if instances:
            tiles.append(_scaled(_colour_instances(read_instances(sample, mask)), width, cv2.INTER_NEAREST))
        gap = np.full((tiles[0].shape[0], GAP, 3), 255, np.uint8)
        rows.append(np.hstack([part for tile in tiles for part in (tile, gap)][:-1]))
    gap = np.full((GAP, rows[0].shape[1], 3), 255, np.uint8)
    return np.vstack([part for row in rows for part in (row, gap)][:-1])


def _chosen(dataset: Dataset, options: argparse.Namespace) -> list[Sample]:
    """Return the samples that --samples names, or the first --rows."""
    if not options.samples:
        return list(dataset.samples[: options.rows])
    by_id = {sample.sample_id: sample for sample in dataset.samples}
    absent = [name for name in options.samples if name not in by_id]
    if absent:
        raise UserError(f"{dataset.root} has no sample {absent[0]}; it has {min(by_id)} to {max(by_id)}")
    return [by_id[name] for name in options.samples]


def _scaled(picture: np.ndarray, width: int, interpolation: int) -> np.ndarray:
    height = round(picture.shape[0] * width / picture.shape[1])
    return cv2.resize(picture, (width, height), interpolation=interpolation)


def _colour_instances(ids: np.ndarray) -> np.ndarray:
    hues = np.arange(ids.max() + 1) * GOLDEN_ANGLE % 360 / 2  # OpenCV's unit of hue is two degrees
    table = np.stack([hues, np.full_like(hues, 200), np.full_like(hues, 255)], axis=-1).astype(np.uint8)
    table[0] = 0
    return cv2.cvtColor(table[None], cv2.COLOR_HSV2RGB)[0][ids]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path, help="a dataset folder")
    parser.add_argument("--out", type=Path, help="picture to write (default: contact_sheet.jpg in the folder)")
    parser.add_argument("--rows", type=int, default=4, help="number of samples to show (default: %(default)s)")
    parser.add_argument("--samples", nargs="+", metavar="ID", help="show these samples instead, for example 000005")
    parser.add_argument("--width", type=int, default=612, help="pixels of a tile (default: %(default)s)")
    parser.add_argument("--instances", action="store_true", help="show the instances as well")
    return parser.parse_args()
