"""Nominal patches, image by image: the next image is decoded and extracted while the present one is used."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from training.augment import Augmentation
from training.dataset import IGNORE_ID, Sample, read_image, read_mask
from training.extractor import FeatureExtractor
from training.user_error import UserError


class ImagePatches(NamedTuple):
    """The patches of one image: features (N, C) float32, rows of ``width`` where none was left out, and how many
    were.
    """

    features: NDArray[np.float32]
    width: int
    ignored: int


def stream_patches(
    samples: Sequence[Sample],
    extractor: FeatureExtractor,
    defect_ids: tuple[int, ...],
    augmentation: Augmentation | None = None,
    epoch: int = 0,
) -> Iterator[ImagePatches]:
    """Yield each sample's patches in order. At most two images are in memory: the one used and the one being prepared.

    Raises UserError naming the file of an image that cannot be used.
    """
    others = (extractor, defect_ids, augmentation, epoch)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="patches") as worker:
        coming = [worker.submit(nominal_patches, sample, *others) for sample in samples[:1]]
        for following in [*samples[1:], None]:
            if not coming:
                return
            patches = coming.pop().result()
            if following is not None:
                coming.append(worker.submit(nominal_patches, following, *others))
            yield patches


def nominal_patches(
    sample: Sample,
    extractor: FeatureExtractor,
    defect_ids: tuple[int, ...],
    augmentation: Augmentation | None = None,
    epoch: int = 0,
) -> ImagePatches:
    """Return one image's patches, as ``augmentation`` shows it in this epoch, without those whose cell of the image
    touches an ignored pixel.

    Raises UserError for an unreadable image, a mask that shows a defect (a train split is nominal), or non-finite
    features.
    """
    image = read_image(sample.image)
    mask = read_mask(sample, image.shape)
    found = [class_id for class_id in defect_ids if (mask == class_id).any()]
    if found:
        raise UserError(
            f"{sample.mask}: train image {sample.sample_id} shows a defect (class {found[0]}); train on nominal images"
        )
    if augmentation is not None:
        image, mask = augmentation(image, mask, epoch, sample.sample_id)
    try:
        features = extractor.patches(image)
    except UserError as error:
        raise UserError(f"{sample.image}: {error}") from error
    if not np.isfinite(features).all():
        raise UserError(f"{sample.image}: the extractor gives features that are not finite; check its weights")
    height, width, channels = features.shape
    kept = ~touched_cells(mask == IGNORE_ID, height, width)
    flat = features.reshape(-1, channels) if kept.all() else features[kept]
    return ImagePatches(flat, width, int(kept.size - kept.sum()))


def touched_cells(pixels: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Return for each of height x width equal cells of an image whether any of its pixels, also in part, is set."""
    image = torch.from_numpy(pixels.astype(np.float32))[None, None]
    return (F.adaptive_max_pool2d(image, (height, width))[0, 0] > 0).numpy()
