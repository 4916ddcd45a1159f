"""Images for accuracy benchmarks: magnetic tiles, painted plates and the quickstart's rendered plates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.training_steps import composed_config
from training.data.dataset import IGNORE_ID, Sample, open_dataset, read_image, read_mask
from training.data.settings import read_dataset_settings
from training.support.typed_overrides import quoted
from training.support.user_error import UserError

TILES_EVERY = 4
TILES_TEST = 200
_SEED = 0


@dataclass(frozen=True)
class LabelledTestImage:
    """A test image, the mask of its defects, and the mask of the pixels that do not count: bool (H, W)."""

    image: NDArray[np.uint8]
    defect: NDArray[np.bool_]
    ignored: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width [pixels]."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True)
class AccuracyData:
    """Nominal train samples, test samples, ids of the defect classes, and ``extractor.resize`` as an override."""

    name: str
    train: tuple[Sample, ...]
    test: tuple[Sample, ...]
    defect_ids: tuple[int, ...]
    resize: str

    def ordered(self, order: int) -> tuple[Sample, ...]:
        """Return the train samples in the folder's order (0), or in an order drawn by the seed ``order``."""
        if order == 0:
            return self.train
        return tuple(self.train[i] for i in np.random.default_rng(order).permutation(len(self.train)))

    def test_images(self) -> list[LabelledTestImage]:
        """Return all test images with their masks."""
        return [_labelled(sample, self.defect_ids) for sample in self.test]

    def thinned(self, train: int, test: int) -> "AccuracyData":
        """Return at most so many images of each split, evenly spread."""
        return replace(self, train=_spread(self.train, train), test=_spread(self.test, test))


def tiles(root: Path, others: bool = False) -> AccuracyData:
    """Return the magnetic tiles at 256 x 256: every fourth train image, 200 test images drawn by seed.

    ``others`` draws 200 of the remaining test images instead.
    """
    data = _mvtec("tiles", root)
    drawn = np.random.default_rng(_SEED).permutation(len(data.test))
    chosen = drawn[TILES_TEST : 2 * TILES_TEST] if others else drawn[:TILES_TEST]
    return replace(data, train=data.train[::TILES_EVERY], test=tuple(data.test[i] for i in sorted(chosen)))


def plates(root: Path) -> AccuracyData:
    """Return the painted plates at 256 x 256."""
    return _mvtec("plates", root)


def rendered(stained: Path, inspected: Path) -> AccuracyData:
    """Return the quickstart's plates at their own size: stained ones for training, inspected ones for testing."""
    stained_data, inspected_data = (
        open_dataset(read_dataset_settings(composed_config("train", f"dataset.root={quoted(r)}").dataset))
        for r in (stained, inspected)
    )
    return AccuracyData(
        "rendered", stained_data.split("train"), inspected_data.split("test"), inspected_data.defect_ids, "null"
    )


def images_of(folder: Path, split: str) -> list[LabelledTestImage]:
    """Return the images of one split of a dataset folder of this project. Raises UserError where it has none."""
    data = open_dataset(read_dataset_settings(composed_config("train", f"dataset.root={quoted(folder)}").dataset))
    if not data.split(split):
        raise UserError(f"{folder} has no {split} images")
    return [_labelled(sample, data.defect_ids) for sample in data.split(split)]


def fitted_to(scores: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return a map resized to its mask."""
    return scores if scores.shape == shape else np.asarray(cv2.resize(scores, shape[::-1]), np.float32)


def _mvtec(name: str, root: Path) -> AccuracyData:
    settings = (f"dataset.root={quoted(root)}", "dataset=mvtec", "dataset.validation_fraction=0.0")
    data = open_dataset(read_dataset_settings(composed_config("train", *settings).dataset))
    return AccuracyData(name, data.split("train"), data.split("test"), data.defect_ids, "{height: 256, width: 256}")


def _labelled(sample: Sample, defect_ids: Sequence[int]) -> LabelledTestImage:
    image = read_image(sample.image)
    mask = read_mask(sample, image.shape)
    return LabelledTestImage(image, np.isin(mask, defect_ids), mask == IGNORE_ID)


def _spread(samples: tuple[Sample, ...], count: int) -> tuple[Sample, ...]:
    places = np.unique(np.linspace(0, len(samples) - 1, min(count, len(samples))).round().astype(int))
    return tuple(samples[place] for place in places)
