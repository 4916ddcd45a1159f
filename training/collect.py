"""Collecting a coreset: epochs over a stream of patches until one of them changes nothing (paper, section IV)."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from training.coreset import SequentialCoreset
from training.dataset import Sample
from training.extractor import FeatureExtractor
from training.patch_stream import ImagePatches, stream_patches
from training.progress import with_progress
from training.user_error import UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Epoch:
    """What one epoch did; smallest_distance is the paper's d_m at its end."""

    patches: int
    ignored: int
    replacements: int
    smallest_distance: float


def collect(coreset: SequentialCoreset, epochs: int, stream: Callable[[int], Iterable[ImagePatches]]) -> list[Epoch]:
    """Run ``stream(epoch)`` through the coreset, at most ``epochs`` times; stop early after an epoch without
    replacement.

    Raises UserError where the first epoch has too few patches to fill the coreset.
    """
    if epochs < 1:
        raise UserError(f"coreset.epochs {epochs} must be at least 1")
    done: list[Epoch] = []
    for number in range(epochs):
        was_full, before, patches, ignored = coreset.is_full, coreset.replacements, 0, 0
        for image in stream(number):
            coreset.update(image.features, image.width)
            patches += len(image.features)
            ignored += image.ignored
        if not coreset.is_full:
            raise UserError(
                f"too few patches to fill the coreset: {coreset.filled} for coreset.size={coreset.size}; "
                "give more or larger images, or a smaller coreset.size"
            )
        epoch = Epoch(patches, ignored, coreset.replacements - before, coreset.smallest_distance)
        done.append(epoch)
        log.info(
            "Epoch %d: %d patches (%d more ignored), %d replacements, smallest distance in the coreset %.6g",
            *(number + 1, epoch.patches, epoch.ignored, epoch.replacements, epoch.smallest_distance),
        )
        if epoch.replacements == 0 and was_full:
            break
    return done


def converged(epochs: list[Epoch]) -> bool:
    """Whether the last epoch changed nothing, so that no further epoch would."""
    return epochs[-1].replacements == 0


def image_epochs(
    samples: tuple[Sample, ...], extractor: FeatureExtractor, defect_ids: tuple[int, ...], shuffle_seed: int | None
) -> Callable[[int], Iterator[ImagePatches]]:
    """Return the stream of a set of images for ``collect``: in the given order, or in an order drawn anew for (seed,
    epoch).
    """

    def stream(epoch: int) -> Iterator[ImagePatches]:
        order = np.arange(len(samples))
        if shuffle_seed is not None:
            order = np.random.default_rng([shuffle_seed, epoch]).permutation(len(samples))
        patches = stream_patches([samples[i] for i in order], extractor, defect_ids)
        return with_progress(patches, len(samples), f"epoch {epoch + 1}")

    return stream
