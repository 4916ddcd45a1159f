"""The pictures that the page shows, encoded when they are asked for; the last ones are kept."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from eval.review_page.predictions import Predictions
from training.data.image_file import read_image
from training.support.picture_encoding import encode_jpeg

SIDE = 96
"""Side of a thumbnail [pixels]."""
_CONTEXT = 2.0  # a thumbnail's side, in that of the finding's box
_DECODED, _ENCODED, _THUMBNAILS = 3, 12, 2000


class PictureFiles:
    """Whole pictures and thumbnails of items, as JPEG; at most a few decoded pictures are in memory."""

    def __init__(self, predictions: Predictions, white_level: int | None) -> None:
        self._items = predictions.items
        self._pictures = {picture.number: picture for picture in predictions.pictures}
        self._white_level = white_level
        self._decoded = lru_cache(_DECODED)(self._decode)
        self.whole = lru_cache(_ENCODED)(self._whole)
        self.thumbnail = lru_cache(_THUMBNAILS)(self._thumbnail)

    def _decode(self, number: int) -> NDArray[np.uint8]:
        return read_image(self._pictures[number].path, self._white_level)

    def _whole(self, number: int) -> bytes:
        """Return a picture. Raises KeyError for an unknown number, UserError if it cannot be read."""
        return encode_jpeg(self._decoded(number), 92)

    def _thumbnail(self, number: int) -> bytes:
        """Return the surroundings of an item's finding. Raises IndexError, and UserError as ``whole``."""
        item = self._items[number]
        image = self._decoded(item.picture.number)
        left, top, width, height = item.box
        side = min(max(_CONTEXT * max(width, height), SIDE), max(image.shape[:2]))
        rows, columns = (
            slice(max(round(middle - side / 2), 0), max(round(middle + side / 2), 1))
            for middle in (top + height / 2, left + width / 2)
        )
        part = np.ascontiguousarray(image[rows, columns])
        scale = SIDE / max(part.shape[:2])
        size = (max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1))
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        return encode_jpeg(np.asarray(small, np.uint8), 85)
