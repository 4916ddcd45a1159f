"""Decoding of image files into pixels, with checks that reject wrong files."""

import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.support.user_error import UserError

PNG, _JPEG, _JPEG_END = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd9"
_READ = "WebP, JPEG 2000, PNG, JPEG, BMP or TIFF of 8 or 16 bit"


def read_content(path: Path) -> bytes:
    """Return an image file's content. Raises UserError if it is missing, or a PNG or JPEG that is cut off or damaged.

    Decoders complete a truncated file with grey or black, and print messages of their own about a damaged one.
    """
    try:
        content = path.read_bytes()  # not cv2.imread, which cannot open every path on Windows
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    check_whole(content, path)
    return content


def check_whole(content: bytes, path: Path) -> None:
    """Raise UserError for the content of a PNG or JPEG that is cut off or damaged; ``path`` is for messages."""
    png_is_damaged = content.startswith(PNG) and not _png_is_whole(content)
    if png_is_damaged or (content.startswith(_JPEG) and _JPEG_END not in content[-4096:]):
        raise UserError(f"{path} does not decode as an image: it is truncated or damaged; copy or render it again")


def decoded(content: bytes, mode: int, path: Path) -> NDArray[Any]:
    """Return the pixels of a file's content in OpenCV's ``mode``. Raises UserError if it does not decode."""
    pixels = None
    if content:
        with _quiet_decoders():
            try:
                pixels = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), mode)
            except cv2.error:
                pixels = None
    if pixels is None:
        raise UserError(
            f"{path} does not decode as an image ({_READ}); convert or replace it, or remove it from the dataset"
        )
    return pixels


def tiff_pages(content: bytes) -> int:
    """Return the number of pages of a TIFF file; 1 for any other file. A reduced copy of a page is none."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(content[:4])
    if order is None:
        return 1
    pages, seen = 0, set()
    (place,) = struct.unpack_from(order + "I", content, 4)
    while place and place not in seen and place + 2 <= len(content):
        seen.add(place)
        (entries,) = struct.unpack_from(order + "H", content, place)
        end = place + 2 + 12 * entries
        if end + 4 > len(content):
            break
        tags = dict(struct.unpack_from(order + "H6xI", content, place + 2 + 12 * k) for k in range(entries))
        pages += not tags.get(254, 0) & 1
        (place,) = struct.unpack_from(order + "I", content, end)
    return max(pages, 1)


_quiet = threading.Lock()
_loud_level: list[int] = []


@contextmanager
def _quiet_decoders() -> Iterator[None]:
    """Silence OpenCV's log lines, which would appear beside our own message; for several threads at once."""
    logging: Any = getattr(cv2.utils, "logging", cv2)  # its place in OpenCV 5, and in OpenCV 4
    with _quiet:
        _loud_level.append(logging.getLogLevel())
        logging.setLogLevel(0)
    try:
        yield
    finally:
        with _quiet:
            level = _loud_level.pop()
            if not _loud_level:
                logging.setLogLevel(level)
            else:
                _loud_level[0] = max(level, _loud_level[0])  # the last thread restores the level of the first


def _png_is_whole(content: bytes) -> bool:
    """Return whether all chunks up to the last are present with correct checksums."""
    view, start = memoryview(content), len(PNG)
    while start + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, start)
        end = start + 12 + length
        if end > len(content) or zlib.crc32(view[start + 4 : end - 4]) != struct.unpack_from(">I", content, end - 4)[0]:
            return False
        if content[start + 4 : start + 8] == b"IEND":
            return True
        start = end
    return False
