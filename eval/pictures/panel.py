"""Panels of labelled pictures side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from eval.pictures.overlay import Colour, Picture

INK: Colour = (40, 40, 40)
PAPER = 255
LABEL_HEIGHT, GAP = 32, 8
FONT, FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.55


@dataclass(frozen=True)
class Tile:
    """A picture and its label; the label is a sequence of (text, colour)."""

    picture: Picture
    label: tuple[tuple[str, Colour], ...]


def scale_to_width(picture: Picture, width: int) -> Picture:
    """Scale a picture to a width in pixels and keep its aspect ratio.

    Shrinking averages over areas, so a thin scratch fades but does not disappear.
    """
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    interpolation = cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)


def _label_strip(label: Sequence[tuple[str, Colour]], width: int) -> Picture:
    strip = np.full((LABEL_HEIGHT, width, 3), PAPER, np.uint8)
    left = 2
    for text, colour in label:
        cv2.putText(strip, text, (left, LABEL_HEIGHT - 11), FONT, FONT_SCALE, colour, 1, cv2.LINE_AA)
        left += cv2.getTextSize(text, FONT, FONT_SCALE, 1)[0][0] + 10
    return strip


def panel(tiles: Sequence[Tile], tile_width: int) -> Picture:
    """Draw the tiles in one row on white, each scaled to tile_width pixels. All pictures must have the same shape."""
    columns: list[Picture] = []
    for tile in tiles:
        if columns:
            columns.append(np.full((columns[0].shape[0], GAP, 3), PAPER, np.uint8))
        picture = scale_to_width(tile.picture, tile_width)
        columns.append(np.vstack([_label_strip(tile.label, tile_width), picture]))
    return np.hstack(columns)
