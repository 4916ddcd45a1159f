"""Nominal patches, image by image; a thread prepares the next image while the current one is used."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.data.augment import Augmentation
from training.data.dataset import IGNORE_ID, Sample, inside_of, read_image
from training.data.mask_file import read_mask_content
from training.features.extractor import FeatureExtractor
from training.features.inside_patches import centres_inside
from training.features.patch_grid import Axis
from training.support.user_error import UserError

log = logging.getLogger(__name__)

T = TypeVar("T")

_OUTSIDE = 1  # mark of pixels outside the region of interest, where IGNORE_ID marks ignored ones and 0 all others


class ImagePatches(NamedTuple):
    """The patches of one image, or of a strip of a large one.

    Holds features (N, C) float32, the row length ``width`` if none was left out, the number left out, whether these
    are the image's last, the image's number (-1: none), and the patches' centres (N, 2) float32, x and y [pixels].
    """

    features: NDArray[np.float32]
    width: int
    ignored: int
    ends_image: bool = True
    image: int = -1
    places: NDArray[np.float32] | None = None


def stream_patches(
    samples: Sequence[Sample],
    extractor: FeatureExtractor,
    defect_ids: tuple[int, ...],
    augmentation: Augmentation | None = None,
    epoch: int = 0,
) -> Iterator[ImagePatches]:
    """Yield each sample's patches in order; a large image in strips, one row of tiles each.

    The next strip is prepared meanwhile. Raises UserError naming the file of an image that cannot be used.
    """
    return _one_ahead(
        strip for sample in samples for strip in nominal_strips(sample, extractor, defect_ids, augmentation, epoch)
    )


def nominal_strips(
    sample: Sample,
    extractor: FeatureExtractor,
    defect_ids: tuple[int, ...],
    augmentation: Augmentation | None = None,
    epoch: int = 0,
) -> Iterator[ImagePatches]:
    """Yield one image's patches, augmented for this epoch, without those nearest to an ignored pixel.

    Patches whose centres lie outside the region of interest are left out, too; an augmentation turns the region with
    the image. Raises UserError for an unreadable image, a mask that shows a defect inside (a train split is nominal),
    or non-finite features.
    """
    image = read_image(sample.image, sample.white_level)
    mask = read_mask_content(sample, image.shape).ids
    inside = inside_of(sample, image.shape)
    _check_nominal(sample, image, mask if inside is None else mask[inside], defect_ids)
    marks = _marks(mask, inside)
    if augmentation is not None:
        image, marks = augmentation(image, marks, epoch, sample.sample_id)
    ignored: NDArray[np.bool_] | None = None
    try:
        for strip in extractor.strips(image, is_drawn=augmentation is not None):
            rows, width, channels = strip.features.shape
            if not np.isfinite(strip.features).all():
                raise UserError("the extractor gives features that are not finite; check its weights")
            if ignored is None:
                ignored = touched_cells(marks, IGNORE_ID, strip.rows, strip.columns)
                ignored |= ~centres_inside(marks != _OUTSIDE, strip.rows, strip.columns)
            end = strip.first + rows
            kept = ~ignored[strip.first : end]
            flat = strip.features.reshape(-1, channels) if kept.all() else strip.features[kept]
            down, across = np.nonzero(kept)
            centres = (strip.columns.centres()[across], strip.rows.centres(strip.first, end)[down])
            places = np.stack(centres, axis=1).astype(np.float32)
            yield ImagePatches(flat, width, int(kept.size - kept.sum()), end == strip.rows.count, places=places)
    except UserError as error:
        raise UserError(f"{sample.image}: {error}") from error


def _marks(mask: NDArray[np.uint8], inside: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
    marks = np.where(mask == IGNORE_ID, np.uint8(IGNORE_ID), np.uint8(0))
    if inside is not None:
        marks[~inside & (marks == 0)] = _OUTSIDE
    return marks


def touched_cells(mask: NDArray[np.uint8], class_id: int, rows: Axis, columns: Axis) -> NDArray[np.bool_]:
    """Return whether any pixel nearest to a patch's centre is of a class: bool (rows.count, columns.count)."""
    across = np.stack([(mask[cell] == class_id).any(axis=0) for cell in rows.cells(len(mask))])
    return np.stack([across[:, cell].any(axis=1) for cell in columns.cells(mask.shape[1])], axis=1)


def _check_nominal(
    sample: Sample, image: NDArray[np.uint8], mask: NDArray[np.uint8], defect_ids: tuple[int, ...]
) -> None:
    found = [class_id for class_id in defect_ids if (mask == class_id).any()]
    if found:
        raise UserError(
            f"{sample.mask}: train image {sample.sample_id} shows a defect (class {found[0]}); train on nominal images"
        )
    if image.min() == image.max():
        log.warning("Warning: %s: all pixels have the value %d; is it the right file?", sample.image, image.min())


def _one_ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield the items while a thread prepares the next one; at most two exist at a time."""
    end = object()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="patches") as worker:
        coming = worker.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = worker.submit(next, items, end)
            yield item  # type: ignore[misc]
