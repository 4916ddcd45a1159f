"""The leak guard: a source that shows an evaluation image is refused, also when it was encoded again.

Pictures of anomalies often come from test splits. A model that has seen its test images is worth nothing.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.image_file import read_image
from training.support.user_error import UserError

_SIDE = 64
_NEAR = 4  # grey levels of a thumbnail's largest difference that a lossy encoding may make
_NEAR_MEAN = 1.0


class LeakGuard:
    """The decoded pixels of the evaluation images, as hashes and as thumbnails of 64 x 64 grey levels."""

    def __init__(self, evaluation: Iterable[Path], read: Callable[[Path], NDArray[np.uint8]] = read_image) -> None:
        self._read = read
        self.checked = 0
        """Number of source pictures that were compared."""
        self._names: list[Path] = []
        self._hashes: dict[bytes, Path] = {}
        thumbnails = []
        for path in evaluation:
            image = read(path)
            self._names.append(path)
            self._hashes[_pixel_hash(image)] = path
            thumbnails.append(_thumbnail(image))
        self._thumbnails = np.stack(thumbnails) if thumbnails else np.zeros((0, _SIDE, _SIDE), np.int16)

    def __len__(self) -> int:
        return len(self._names)

    def check(self, sources: Sequence[Path], near: bool = True) -> None:
        """Raise UserError naming the first source that shows an evaluation image.

        ``near`` also refuses lossy copies. Images of one product may be as alike, so it does not suit them.
        """
        for path in sources:
            shown = self.find(self._read(path), near)
            self.checked += 1
            if shown is not None:
                raise UserError(
                    f"{path} shows the evaluation image {shown}: a model trained on it could not be evaluated; "
                    "remove it from the source"
                )

    def find(self, image: NDArray[np.uint8], near: bool = True) -> Path | None:
        """Return the evaluation image that an RGB image (H, W, 3) equals or, if ``near``, re-encodes; None for none."""
        exact = self._hashes.get(_pixel_hash(image))
        if exact is not None or not near or not len(self._thumbnails):
            return exact
        own = _thumbnail(image)
        if own.max() - own.min() <= 2 * _NEAR:  # nearly even pictures look alike without being the same
            return None
        difference = np.abs(self._thumbnails - own)
        alike = (difference.max(axis=(1, 2)) <= _NEAR) & (difference.mean(axis=(1, 2)) <= _NEAR_MEAN)
        return self._names[int(np.argmax(alike))] if alike.any() else None


def _pixel_hash(image: NDArray[np.uint8]) -> bytes:
    digest = hashlib.sha256(str(image.shape).encode())
    digest.update(np.ascontiguousarray(image).tobytes())
    return digest.digest()


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.int16]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), dtype=np.int16)
