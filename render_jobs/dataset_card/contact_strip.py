"""A strip of a dataset's pictures above their masks in the classes' colours, for its README."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .contents import Contents, Row

TILE = 240  # pixels, the greatest width of a tile
COLUMNS = 6
GAP = 6
IGNORED = (96, 96, 96)  # sRGB


@dataclass(frozen=True)
class Readers:
    """Functions that read a file into uint8: a picture into (H, W, 3) sRGB, a mask into (H, W) class ids."""

    picture: Callable[[Path], np.ndarray]
    mask: Callable[[Path], np.ndarray]


def contact_strip(contents: Contents, read: Readers) -> np.ndarray:
    """Return the strip, uint8 (H, W, 3) sRGB: nominal train pictures first, then one for each class.

    Raises OSError or ValueError if a file cannot be read.
    """
    table = np.zeros((256, 3), np.uint8)
    for entry in contents.description["classes"]:
        table[entry["id"]] = entry["colour"]
    table[contents.description["ignore_id"]] = IGNORED
    columns = []
    for row in strip_samples(contents):
        picture = read.picture(contents.folder / row["image"])
        step = -(-picture.shape[1] // TILE)
        tile = _reduced(picture, step)
        mask = np.zeros(tile.shape, np.uint8)
        if row["mask"]:
            ids = read.mask(contents.folder / row["mask"])
            mask = table[ids[step // 2 :: step, step // 2 :: step][: tile.shape[0], : tile.shape[1]]]
        columns.append((tile, mask))
    height = max(tile.shape[0] for tile, _ in columns)
    width = sum(tile.shape[1] + GAP for tile, _ in columns) - GAP
    strip = np.full((2 * height + GAP, width, 3), 255, np.uint8)
    left = 0
    for tile, mask in columns:
        strip[: tile.shape[0], left : left + tile.shape[1]] = tile
        strip[height + GAP : height + GAP + mask.shape[0], left : left + mask.shape[1]] = mask
        left += tile.shape[1] + GAP
    return strip


def strip_samples(contents: Contents) -> list[Row]:
    """Return the rows of the strip: the first of each split, and for each class where its largest instance is."""
    by_id = {row["sample_id"]: row for row in contents.samples}
    chosen: dict[str, Row] = {}
    for name in contents.kinds:
        largest = max(
            (row for row in contents.instances if row["class"] == name),
            key=lambda row: int(row["pixel_area"]),
            default=None,
        )
        if largest is not None:
            chosen[largest["sample_id"]] = by_id[largest["sample_id"]]
    firsts = {row["sample_id"]: row for row in reversed(contents.samples) if row["split"] == "train"}
    nominal = [row for name, row in reversed(firsts.items()) if name not in chosen][:1]
    others = [row for row in contents.samples if row["sample_id"] not in chosen and row not in nominal]
    return [*nominal, *chosen.values(), *others][:COLUMNS]


def _reduced(picture: np.ndarray, step: int) -> np.ndarray:
    """Return the means of blocks of step x step pixels, uint8 (H // step, W // step, 3)."""
    height, width = (max(length // step, 1) for length in picture.shape[:2])
    blocks = picture[: height * step, : width * step].astype(np.float32)
    return np.round(blocks.reshape(height, step, width, step, 3).mean(axis=(1, 3))).astype(np.uint8)
