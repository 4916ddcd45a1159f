"""Decoding of images, masks and instance maps, with checks that reject wrong files."""

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.sample import IGNORE_ID, Sample
from training.support.user_error import UserError

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}
_PNG, _JPEG, _JPEG_END = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd9"


def read_image(path: Path) -> NDArray[np.uint8]:
    """Return an image as uint8 (H, W, 3), RGB, upright.

    Grey is repeated over three channels. Of 16 bits the upper 8 are used. Transparency is dropped. CMYK (as Adobe
    writes it) becomes RGB. The EXIF orientation is applied. Raises UserError if the file is missing, truncated or not
    an image.
    """
    return _decode(path, cv2.IMREAD_COLOR_RGB)


def read_mask(sample: Sample, image_shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a sample's class ids as uint8 (H, W); all zero for a sample without a mask.

    Raises UserError if the mask is missing, does not decode, differs in size from the image (H, W, ...), or holds an
    unknown class.
    """
    height, width = image_shape[:2]
    if sample.mask is None:
        return np.zeros((height, width), dtype=np.uint8)
    ids = _single_channel(sample.mask)
    _check_size(sample, sample.mask, ids, (height, width))
    if sample.binary_id is not None:
        return np.where(ids > 127, np.uint8(sample.binary_id), np.uint8(0))
    if ids.dtype != np.uint8:
        raise UserError(f"{sample.mask}: a mask must be 8 bit (class ids), not {ids.dtype}")
    if sample.known_ids is not None:
        unknown = sorted(set(_present(ids)) - set(sample.known_ids) - {IGNORE_ID})
        if unknown:
            raise UserError(
                f"{sample.mask}: unknown class id {unknown[0]}; dataset.json names {list(sample.known_ids)}"
            )
    return ids.astype(np.uint8, copy=False)


def read_instances(sample: Sample, mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return instance ids as int32 (H, W), 0 for none, counted from 1 in each image.

    They come from the sample's instance file. Without one, they are the 8-connected components of each class in
    ``mask``, classes ascending. Raises UserError if the file does not decode or differs in size from the mask.
    """
    if sample.instances is not None:
        stored = _single_channel(sample.instances)
        _check_size(sample, sample.instances, stored, mask.shape)
        return stored.astype(np.int32)
    instances = np.zeros(mask.shape, dtype=np.int32)
    found = 0
    for class_id in _present(mask):
        if class_id in (0, IGNORE_ID):
            continue
        count, labels = cv2.connectedComponents((mask == class_id).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
        instances = np.where(labels > 0, labels + found, instances).astype(np.int32)
        found += count - 1
    return instances


def _present(ids: NDArray[np.uint8]) -> list[int]:
    """Return the values in a mask, ascending; counted by rows, because bincount converts its input to 64 bits."""
    counts = np.zeros(256, dtype=np.int64)
    for row in ids:
        counts += np.bincount(row, minlength=256)
    return [int(value) for value in np.flatnonzero(counts)]


def _single_channel(path: Path) -> NDArray[Any]:
    pixels = _decode(path, cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 2:
        return pixels
    if not (pixels[..., :1] == pixels[..., :3]).all():  # some exporters store grey masks as RGB or RGBA
        raise UserError(f"{path}: a mask must have one channel; this file is a colour image")
    return pixels[..., 0]


def _check_size(sample: Sample, path: Path, pixels: NDArray[Any], size: tuple[int, ...]) -> None:
    if pixels.shape != tuple(size):
        own, image = f"{pixels.shape[1]} x {pixels.shape[0]}", f"{size[1]} x {size[0]}"
        raise UserError(f"{path} has {own} pixels, but its image {sample.image.name} has {image}")


def _decode(path: Path, mode: int) -> NDArray[Any]:
    try:
        content = path.read_bytes()  # not cv2.imread, which cannot open every path on Windows
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    # Decoders complete a truncated file with grey or black, and print messages of their own about a damaged one.
    png_is_damaged = content.startswith(_PNG) and not _png_is_whole(content)
    if png_is_damaged or (content.startswith(_JPEG) and _JPEG_END not in content[-4096:]):
        raise UserError(f"{path} does not decode as an image: it is truncated or damaged; copy or render it again")
    pixels = _decoded(content, mode) if content else None
    if pixels is None:
        raise UserError(
            f"{path} does not decode as an image (PNG, JPEG, BMP or TIFF of 8 or 16 bit); "
            "convert or replace it, or remove it from the dataset"
        )
    return pixels


def _decoded(content: bytes, mode: int) -> NDArray[Any] | None:
    """Decode without OpenCV's log lines, which would appear beside our own message."""
    logging: Any = getattr(cv2.utils, "logging", cv2)  # its place in OpenCV 5, and in OpenCV 4
    level = logging.getLogLevel()
    logging.setLogLevel(0)
    try:
        return cv2.imdecode(np.frombuffer(content, dtype=np.uint8), mode)
    except cv2.error:
        return None
    finally:
        logging.setLogLevel(level)


def _png_is_whole(content: bytes) -> bool:
    """Return whether all chunks up to the last are present with correct checksums."""
    view, start = memoryview(content), len(_PNG)
    while start + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, start)
        end = start + 12 + length
        if end > len(content) or zlib.crc32(view[start + 4 : end - 4]) != struct.unpack_from(">I", content, end - 4)[0]:
            return False
        if content[start + 4 : start + 8] == b"IEND":
            return True
        start = end
    return False
