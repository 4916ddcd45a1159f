"""Reading of masks and instance maps: one channel, whatever the file's kind, and the convention of its values."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data.decoding import PNG, decoded, read_content
from training.data.sample import IGNORE_ID, Sample
from training.support.listed_names import listed
from training.support.user_error import UserError

TWO_VALUES, NONZERO = "two_values", "nonzero"
MASK_RULES = (TWO_VALUES, NONZERO)
"""Rules for the defect pixels of a mask: two_values, the upper of two values, or those above half of the range;
nonzero, all that are not 0."""
_PALETTE_IN_PNG = 3


@dataclass(frozen=True)
class MaskContent:
    """A sample's class ids (H, W), and values between black and white that a mask of two values should not hold."""

    ids: NDArray[np.uint8]
    between: tuple[int, ...] = ()


def read_mask(sample: Sample, image_shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a sample's class ids as uint8 (H, W); all zero for a sample without a mask.

    Pixels outside the sample's region of interest have the ignore id. Raises UserError if the mask is missing, does not
    decode, differs in size from the image (H, W, ...), holds an unknown class, or values none of which can be a
    defect's, and as ``inside_of`` does.
    """
    ids, inside = read_mask_content(sample, image_shape).ids, inside_of(sample, image_shape)
    return ids if inside is None else np.where(inside, ids, np.uint8(IGNORE_ID))


def inside_of(sample: Sample, image_shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Return which pixels (H, W) of a sample's image lie in its region of interest; None without a region.

    Raises UserError if the region has no rule for the image, or one for another size.
    """
    if sample.region is None:
        return None
    return sample.region.inside(sample.image, image_shape[0], image_shape[1])


def read_mask_content(sample: Sample, image_shape: tuple[int, ...]) -> MaskContent:
    """Return the class ids that the mask file holds, inside and outside the region, and what a check wants to know.

    Raises UserError as ``read_mask`` does.
    """
    height, width = image_shape[:2]
    if sample.mask is None:
        return MaskContent(np.zeros((height, width), dtype=np.uint8))
    values = _single_channel(sample.mask, binary=sample.binary_id is not None)
    _check_size(sample, sample.mask, values, (height, width))
    if sample.binary_id is not None:
        defect, between = defect_pixels(values, sample.mask_rule, sample.mask)
        return MaskContent(np.where(defect, np.uint8(sample.binary_id), np.uint8(0)), between)
    if values.dtype != np.uint8:
        raise UserError(f"{sample.mask}: a mask must be 8 bit (class ids), not {values.dtype}")
    if sample.known_ids is not None:
        unknown = sorted(set(present_values(values)) - set(sample.known_ids) - {IGNORE_ID})
        if unknown:
            raise UserError(
                f"{sample.mask}: unknown class id {unknown[0]}; dataset.json names {list(sample.known_ids)}"
            )
    return MaskContent(values.astype(np.uint8, copy=False))


def read_instances(sample: Sample, mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return instance ids as int32 (H, W), 0 for none, counted from 1 in each image.

    They come from the sample's instance file. Without one, they are the 8-connected components of each class in
    ``mask``, classes ascending. Raises UserError if the file does not decode or differs in size from the mask.
    """
    if sample.instances is not None:
        stored = _single_channel(sample.instances, binary=False)
        _check_size(sample, sample.instances, stored, mask.shape)
        return stored.astype(np.int32)
    instances = np.zeros(mask.shape, dtype=np.int32)
    found = 0
    for class_id in present_values(mask):
        if class_id in (0, IGNORE_ID):
            continue
        count, labels = cv2.connectedComponents((mask == class_id).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
        instances = np.where(labels > 0, labels + found, instances).astype(np.int32)
        found += count - 1
    return instances


def present_values(pixels: NDArray[Any]) -> list[int]:
    """Return the values in an array (H, W) of 8 or 16 bit, ascending."""
    counts = cv2.calcHist(
        [pixels], [0], None, [int(np.iinfo(pixels.dtype).max) + 1], [0, np.iinfo(pixels.dtype).max + 1]
    )
    return [int(value) for value in np.flatnonzero(counts.ravel())]


def defect_pixels(values: NDArray[Any], rule: str, path: Path) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
    """Return which pixels of a black and white mask (H, W) are a defect's, and the values between its two.

    Of two values the upper is the defect's: 0 and 255, 0 and 1, a palette's 0 and 1. Of more, as JPEG and smoothed
    edges give, those above half of the range. Raises UserError if none can be the defect's.
    """
    if rule == NONZERO:
        return np.asarray(values > 0), ()
    present = present_values(values)
    half = 127 if present[-1] <= 255 else 32767
    above = [value for value in present if value > half]
    if len(present) == 2 and present[0] == 0:
        return np.asarray(values == present[1]), ()
    if present == [0] or (above and above != present) or (len(present) == 1 and above):
        ends = (present[0], present[-1])
        return np.asarray(values > half), tuple(value for value in present if value not in ends)
    raise UserError(
        f"{path} has the values {listed(present)}, none of which is clearly a defect's: make the defects white (255) "
        f"and all else black (0), or set dataset.mask_rule={NONZERO} if every value above 0 is a defect"
    )


def _single_channel(path: Path, *, binary: bool) -> NDArray[Any]:
    """Return a mask file's values (H, W), uint8 or uint16: grey, a palette's indices, or what transparency shows."""
    content = read_content(path)
    indices = _palette_indices(content)
    if indices is not None:
        return indices
    pixels = decoded(content, cv2.IMREAD_UNCHANGED, path)
    if pixels.dtype not in (np.uint8, np.uint16):
        pixels = _whole_numbers(pixels, path)
    if pixels.ndim == 2:
        return pixels
    colours, alpha = pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None
    grey = bool((colours[..., :1] == colours).all())  # some exporters store grey masks as RGB or RGBA
    if binary and alpha is not None and (alpha != alpha.flat[0]).any():
        if (colours == colours[:1, :1]).all():
            return np.ascontiguousarray(alpha)
        if not grey or ((colours[..., 0] > 127) & (alpha > 127) != (colours[..., 0] > 127)).any():
            raise UserError(f"{path}: both its colours and its transparency vary; keep the mask in one of them")
    if grey:
        return np.ascontiguousarray(colours[..., 0])
    if binary:
        painted = colours.any(axis=2)
        first = colours[painted][0]
        if (colours[painted] == first).all():  # one colour on black
            return np.where(painted, np.uint8(255), np.uint8(0))
    raise UserError(f"{path}: a mask must have one channel; this file is a colour image")


def _palette_indices(content: bytes) -> NDArray[np.uint8] | None:
    """Return the indices (H, W) of a PNG with a palette, whose colours OpenCV would give; None for any other file."""
    if not content.startswith(PNG) or content[25] != _PALETTE_IN_PNG:
        return None
    with Image.open(io.BytesIO(content)) as image:
        return np.array(image, dtype=np.uint8)


def _whole_numbers(pixels: NDArray[Any], path: Path) -> NDArray[np.uint16]:
    whole = np.nan_to_num(pixels, nan=-1).round()
    if not np.array_equal(whole, pixels) or whole.min() < 0 or whole.max() > 65535:
        raise UserError(f"{path}: a mask must hold whole numbers from 0 to 65535, not {pixels.dtype}; convert it")
    return whole.astype(np.uint16)


def _check_size(sample: Sample, path: Path, pixels: NDArray[Any], size: tuple[int, ...]) -> None:
    if pixels.shape != tuple(size):
        own, image = f"{pixels.shape[1]} x {pixels.shape[0]}", f"{size[1]} x {size[0]}"
        raise UserError(f"{path} has {own} pixels, but its image {sample.image.name} has {image}")
