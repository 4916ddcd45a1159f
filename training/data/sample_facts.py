"""Facts of one image and its mask, found by decoding each once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.decoding import decoded, read_content, tiff_pages
from training.data.image_file import eight_bits
from training.data.mask_file import inside_of, present_values, read_instances, read_mask_content
from training.data.sample import IGNORE_ID, Dataset, Sample
from training.support.user_error import UserError


@dataclass(frozen=True)
class SampleFacts:
    """Facts of one sample; ``error`` is the message of what prevents its use, and then other facts may be missing."""

    sample: Sample
    size: tuple[int, int] | None = None
    """Width and height [pixels]."""
    bits: int = 8
    highest: int = 0
    """The highest value of a 16-bit image."""
    pages: int = 1
    pixels: bytes = b""
    """A hash of the decoded image."""
    classes: Mapping[int, int] | None = None
    """The number of instances of every class in the mask."""
    shows_mask: bool = False
    """True: the mask holds more than background."""
    between: tuple[int, ...] = ()
    """Values between the two of a black and white mask."""
    hidden_instances: bool = False
    """True: the mask holds 0 and the ignore id only, with instances in the ignored pixels."""
    outside: Mapping[int, int] | None = None
    """The number of instances of every class that lie wholly outside the region of interest."""
    partly_outside: int = 0
    """The number of instances that lie partly outside the region of interest."""
    error: str | None = None


def facts_of(sample: Sample, dataset: Dataset) -> SampleFacts:
    """Decode a sample's image, mask and instances, and return what they hold. A mistake becomes ``error``.

    Classes count inside the sample's region of interest.
    """
    try:
        image = _image_facts(sample)
        return SampleFacts(sample, **image, **_mask_facts(sample, dataset, image["size"]))
    except UserError as error:
        return SampleFacts(sample, error=str(error))


def _image_facts(sample: Sample) -> dict[str, Any]:
    content = read_content(sample.image)
    pixels = decoded(content, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH, sample.image)
    eight_bits(pixels[:1, :1], sample.white_level, sample.image)  # refuses floats
    deep = pixels.dtype == np.uint16
    return {
        "size": (pixels.shape[1], pixels.shape[0]),
        "bits": 16 if deep else 8,
        "highest": int(pixels.max()) if deep else 0,
        "pages": tiff_pages(content),
        "pixels": _hash(pixels),
    }


def _hash(pixels: NDArray[Any]) -> bytes:
    digest = hashlib.blake2b(str(pixels.shape).encode() + pixels.dtype.str.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.digest()


def _mask_facts(sample: Sample, dataset: Dataset, size: tuple[int, int]) -> dict[str, Any]:
    inside = inside_of(sample, (size[1], size[0]))
    if sample.mask is None:
        return {"classes": {}}
    content = read_mask_content(sample, (size[1], size[0]))
    mask = content.ids
    shown = [value for value in present_values(mask) if value]
    facts: dict[str, Any] = {"classes": {}, "shows_mask": bool(shown), "between": content.between}
    known = [value for value in shown if value != dataset.ignore_id]
    if not known and not (shown and sample.instances):
        return facts
    instances = read_instances(sample, mask)
    counting = np.ones(mask.shape, dtype=np.bool_) if inside is None else inside
    facts["classes"] = {
        value: _count(instances[(mask == value) & counting]) for value in known if ((mask == value) & counting).any()
    }
    if inside is not None:
        facts |= _outside(instances, mask, known, inside)
    facts["hidden_instances"] = not known and bool(instances[mask == IGNORE_ID].any())
    return facts


def _outside(
    instances: NDArray[np.int32], mask: NDArray[np.uint8], known: Sequence[int], inside: NDArray[np.bool_]
) -> dict[str, Any]:
    wholly: dict[int, int] = {}
    partly = 0
    for value in known:
        of_class = mask == value
        beyond, within = (set(np.unique(instances[of_class & side]).tolist()) for side in (~inside, inside))
        partly += len(beyond & within)
        if beyond - within:
            wholly[value] = len(beyond - within)
    return {"outside": wholly, "partly_outside": partly}


def _count(instances: NDArray[np.int32]) -> int:
    """Return the number of instances among ids (N,); class pixels without an instance count as one."""
    return max(int(np.count_nonzero(np.bincount(instances)[1:])), 1)


def name_of(path: Path, root: Path) -> str:
    """Return a file's path below the dataset, or the whole path of a file elsewhere."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
