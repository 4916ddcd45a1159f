"""The files of a bake: PNG pictures of each channel, beside the pictures of the Dataset panel."""

from pathlib import Path

import numpy as np

from ..pictures.png import write_grey_png, write_rgb_png
from .channels import Channel

FOLDER = "baked"
UNSAFE = '/\\:*?"<>|'  # in names of files
WHITE = 255


def baked_path(folder: Path, object_name: str, channel: Channel) -> Path:
    """Return the file of an object's channel in the folder of the Dataset panel."""
    safe = "".join("_" if mark in UNSAFE else mark for mark in object_name)
    return folder / FOLDER / f"{safe}_{channel.name}.png"


def write_channel(path: Path, channel: Channel, pixels: np.ndarray) -> None:
    """Write a channel, linear float (H, W, 3): colours as sRGB, a mask as 0 and 255, others as grey. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if channel.is_colour:
        write_rgb_png(path, _bytes(encoded(pixels)))
    elif channel.exact:
        write_grey_png(path, np.where(pixels[..., 0] > 0.5, WHITE, 0).astype(np.uint8))
    else:
        write_grey_png(path, _bytes(pixels[..., 0]))


def encoded(linear: np.ndarray) -> np.ndarray:
    """Return linear light, 0..1, in the encoding of sRGB (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(WHITE * np.clip(values, 0, 1)).astype(np.uint8)
