"""The nominal train images at the size of a training, with the product's pixels and those that do not count."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.anomaly_synthesis.foreground import find_foreground
from training.anomaly_synthesis.image_pool import ImagePool
from training.anomaly_synthesis.view import Nominal
from training.data.dataset import Dataset, Sample, read_image, read_mask
from training.data.file_identity import list_images
from training.features.extractor_settings import ResizeExactly, ResizeSide
from training.features.resizing import resized, resized_shape
from training.support.user_error import UserError

_FOREGROUND, _IGNORED = 1, 2  # bits of the fourth channel


class NominalImages:
    """Train images by number; decoded ones are kept within a limit of memory.

    Ignored are the dataset's ignored pixels and those of defects. Impurities count as sound.
    """

    def __init__(
        self, dataset: Dataset, samples: Sequence[Sample], resize: ResizeSide | ResizeExactly | None, foreground: str
    ) -> None:
        """``foreground`` is find, none, or a folder of masks. Raises UserError if a mask is missing."""
        self._dataset, self._resize = dataset, resize
        self._samples = {sample.image: sample for sample in samples}
        self._masks = _given_masks(foreground, samples)
        self._find = foreground == "find"
        paths = [sample.image for sample in samples]
        self._packed = ImagePool(paths, self._read)
        self.pixels = PixelsOnly(self._packed)
        """The images alone, as a source of anomalies."""

    def __len__(self) -> int:
        return len(self._packed)

    def __getitem__(self, number: int) -> Nominal:
        """Return an image with its masks. Raises UserError for a file that cannot be read."""
        packed = self._packed[number]
        flags = packed[..., 3]
        return Nominal(packed[..., :3], (flags & _FOREGROUND) > 0, (flags & _IGNORED) > 0)

    def _read(self, path: Path) -> NDArray[np.uint8]:
        sample = self._samples[path]
        image = read_image(path, sample.white_level)
        mask = read_mask(sample, image.shape)
        ignored = np.isin(mask, [self._dataset.ignore_id, *self._dataset.defect_ids])
        small = resized_image(image, self._resize)
        size = small.shape[1::-1]
        if self._masks is not None:
            foreground = cv2.resize(read_image(self._masks[path])[..., 0], size, interpolation=cv2.INTER_NEAREST) > 127
        else:
            foreground = find_foreground(small) if self._find else np.ones(small.shape[:2], dtype=np.bool_)
        without = cv2.resize(ignored.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        flags = foreground.astype(np.uint8) * _FOREGROUND + without * _IGNORED
        return np.dstack([small, flags.astype(np.uint8)])


class PixelsOnly:
    """The RGB images of a pool of packed ones."""

    def __init__(self, packed: ImagePool) -> None:
        self._packed = packed

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return self._packed.paths

    def __len__(self) -> int:
        return len(self._packed)

    def __getitem__(self, number: int) -> NDArray[np.uint8]:
        return np.ascontiguousarray(self._packed[number][..., :3])


def resized_image(image: NDArray[np.uint8], resize: ResizeSide | ResizeExactly | None) -> NDArray[np.uint8]:
    """Return an RGB image (H, W, 3) at the size that the networks see, in 8 bits."""
    shape = resized_shape((image.shape[0], image.shape[1]), resize)
    if shape == image.shape[:2]:
        return image
    pixels = resized(torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None], shape)
    return (pixels[0] * 255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()


def _given_masks(foreground: str, samples: Sequence[Sample]) -> dict[Path, Path] | None:
    if foreground in ("find", "none"):
        return None
    folder = Path(foreground)
    if not folder.is_dir():
        raise UserError(f"synthesis.masks.foreground={foreground}: give find, none, or a folder of masks")
    masks = {path.stem: path for path in list_images(folder).files}
    for sample in samples:
        if sample.image.stem not in masks:
            raise UserError(f"synthesis.masks.foreground={foreground}: no mask is named {sample.image.stem}")
    return {sample.image: masks[sample.image.stem] for sample in samples}
