"""Reading of images as 8-bit RGB."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.decoding import check_whole, decoded, read_content
from training.support.user_error import UserError


def read_image(path: Path, white_level: int | None = None) -> NDArray[np.uint8]:
    """Return an image as uint8 (H, W, 3), RGB, upright.

    Grey is repeated over three channels. Of 16 bits the upper 8 are used, unless ``white_level``, the value of white in
    16-bit files, says that a camera fills fewer bits (4095 for 12). Transparency is dropped. CMYK (as Adobe writes it)
    becomes RGB. The EXIF orientation is applied. Of several pages the first is read. Raises UserError if the file is
    missing, truncated or not an image.
    """
    return _pixels(read_content(path), path, white_level)


def image_of_content(content: bytes, name: Path, white_level: int | None = None) -> NDArray[np.uint8]:
    """Return an image file's content as ``read_image`` does; ``name`` is for messages. Raises UserError."""
    check_whole(content, name)
    return _pixels(content, name, white_level)


def _pixels(content: bytes, path: Path, white_level: int | None) -> NDArray[np.uint8]:
    if white_level is None:
        return decoded(content, cv2.IMREAD_COLOR_RGB, path)
    return eight_bits(decoded(content, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH, path), white_level, path)


def eight_bits(pixels: NDArray[np.generic], white_level: int | None, path: Path) -> NDArray[np.uint8]:
    """Return pixels of 8 or 16 bit as 8 bit; values above ``white_level`` become white. Raises UserError for floats."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    if pixels.dtype != np.uint16:
        raise UserError(f"{path} does not decode as an image of 8 or 16 bit: it holds {pixels.dtype}; convert it")
    if white_level is None:
        return (pixels.astype(np.uint16, copy=False) >> 8).astype(np.uint8)
    shades = np.minimum(np.arange(65536, dtype=np.float64) * 255 / white_level, 255)
    return np.round(shades).astype(np.uint8)[pixels]
