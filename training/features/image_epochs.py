"""The stream of a set of images for ``Collection``: epoch by epoch, starting at any image."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from training.data.augment import Augmentation
from training.data.dataset import Sample
from training.features.extractor import FeatureExtractor
from training.features.feature_cache import FeatureCache
from training.features.patch_stream import ImagePatches, stream_patches
from training.support.progress import with_progress


def image_epochs(
    samples: tuple[Sample, ...],
    extractor: FeatureExtractor,
    defect_ids: tuple[int, ...],
    shuffle_seed: int | None,
    augmentation: Augmentation | None = None,
    cache: FeatureCache | None = None,
) -> Callable[[int, int], Iterator[ImagePatches]]:
    """Return ``stream(epoch, first)``, the patches of the images of an epoch from number ``first`` on.

    The images come in the given order, or in an order drawn per (seed, epoch); unchanged, or augmented per epoch. With
    a cache, each image is extracted once.
    """

    def stream(epoch: int, first: int) -> Iterator[ImagePatches]:
        rest = epoch_order(len(samples), shuffle_seed, epoch)[first:].tolist()
        missing = [number for number in rest if cache is None or number not in cache]
        fresh = stream_patches([samples[i] for i in missing], extractor, defect_ids, augmentation, epoch)
        unnumbered = fresh if cache is None else _through(cache, rest, set(missing), fresh)
        patches = _numbered(unnumbered, rest)
        return with_progress(patches, len(rest), f"epoch {epoch + 1}", lambda strip: strip.ends_image)

    return stream


def _numbered(strips: Iterator[ImagePatches], numbers: list[int]) -> Iterator[ImagePatches]:
    """Yield the strips of images with the images' numbers."""
    place = 0
    for strip in strips:
        yield strip._replace(image=numbers[place])
        place += strip.ends_image


def _through(
    cache: FeatureCache, numbers: list[int], missing: set[int], fresh: Iterator[ImagePatches]
) -> Iterator[ImagePatches]:
    """Yield the images in order: missing ones from ``fresh``, storing them, the others from the cache."""
    for number in numbers:
        yield from cache.kept(number, _one_image(fresh)) if number in missing else cache.load(number)


def _one_image(strips: Iterator[ImagePatches]) -> Iterator[ImagePatches]:
    for strip in strips:
        yield strip
        if strip.ends_image:
            return


def epoch_order(count: int, shuffle_seed: int | None, epoch: int) -> NDArray[np.int64]:
    """Return the order (count,) of the images in an epoch; the given order for a seed of None."""
    if shuffle_seed is None:
        return np.arange(count)
    return np.random.default_rng([shuffle_seed, epoch]).permutation(count)
