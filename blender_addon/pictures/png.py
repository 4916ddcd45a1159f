"""Reproducible PNG files: masks with exact ids, and pictures without metadata."""

import struct
import zlib
from pathlib import Path

import numpy as np

from .whole_file import write_whole

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def write_grey_png(path: Path, pixels: np.ndarray) -> None:
    """Write (H, W) uint8 or uint16 as a grey PNG of that depth, with exact values.

    Blender's writer is not used for masks, because it converts values through floats. Raises ValueError for other
    arrays.
    """
    if pixels.dtype not in (np.uint8, np.uint16) or pixels.ndim != 2:
        raise ValueError(f"a grey PNG holds (H, W) uint8 or uint16, not {pixels.shape} {pixels.dtype}")
    write_whole(path, _png(pixels, colour_type=0))


def write_rgb_png(path: Path, pixels: np.ndarray) -> None:
    """Write (H, W, 3) uint8 as an RGB PNG, with exact values. Raises ValueError for other arrays."""
    write_whole(path, rgb_png(pixels))


def rgb_png(pixels: np.ndarray) -> bytes:
    """Return (H, W, 3) uint8 as an RGB PNG, with exact values. Raises ValueError for other arrays."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"an RGB PNG holds (H, W, 3) uint8, not {pixels.shape} {pixels.dtype}")
    return _png(pixels, colour_type=2)


def _png(pixels: np.ndarray, colour_type: int) -> bytes:
    height, width = pixels.shape[:2]
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).view(np.uint8).reshape(height, -1)
    unfiltered = np.zeros((height, 1), np.uint8)
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, colour_type, 0, 0, 0)
    data = zlib.compress(np.hstack([unfiltered, rows]).tobytes(), 6)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    return SIGNATURE + b"".join(chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def without_metadata(png: bytes) -> bytes:
    """Return a PNG with its critical chunks only, so that equal pixels make equal files.

    Cycles writes its render time into every picture, even if Blender's stamps are disabled. Raises ValueError for an
    invalid or truncated PNG.
    """
    if not png.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    kept, position = [SIGNATURE], len(SIGNATURE)
    while position < len(png):
        (length,) = struct.unpack_from(">I", png, position)
        end = position + 12 + length
        critical = png[
            position + 4 : position + 5
        ].isupper()  # the PNG standard marks critical chunks by a capital letter
        if critical:
            kept.append(png[position:end])
        position = end
    if position != len(png) or not kept[-1].endswith(_chunk(b"IEND", b"")):
        raise ValueError("a truncated PNG file")
    return b"".join(kept)
