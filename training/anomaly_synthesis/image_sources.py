"""Anomalies' appearance from pictures: patches of other nominal images, a folder, and labelled anomalies."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from training.anomaly_synthesis.content import Picture
from training.anomaly_synthesis.enhancement import draw_enhancement, enhanced
from training.anomaly_synthesis.image_pool import ImagePool, Images

_GRIDS = (4, 8)  # blocks along a side of a shuffled grid
_SHUFFLED = 0.5  # share of own images whose blocks change places


class OwnImagesSource:
    """Patches of other nominal images, turned and moved; half of them with the blocks of a grid shuffled."""

    def __init__(self, pool: Images) -> None:
        self._pool = pool

    def picture(self, seed: int, shape: tuple[int, int], excluded: int | None) -> Picture:
        """Return a patch (H, W) of another image than ``excluded``."""
        rng = np.random.default_rng(seed)
        others = [number for number in range(len(self._pool)) if number != excluded] or [0]
        image = self._pool[others[int(rng.integers(len(others)))]]
        patch = random_patch(image, shape, rng)
        if rng.random() < _SHUFFLED:
            patch = shuffled_grid(patch, int(rng.choice(_GRIDS)), rng)
        return Picture(patch)


class FolderSource:
    """Patches of a folder's pictures, turned, scaled and enhanced."""

    def __init__(self, pool: Images) -> None:
        self._pool = pool

    def picture(self, seed: int, shape: tuple[int, int], excluded: int | None) -> Picture:  # noqa: ARG002 - Source
        """Return a patch (H, W)."""
        rng = np.random.default_rng(seed)
        patch = random_patch(self._pool[int(rng.integers(len(self._pool)))], shape, rng)
        return Picture(enhanced(patch, draw_enhancement(rng)))


class LabelledSource:
    """Anomalies of other products: the surroundings of an anomaly, and its shape."""

    def __init__(self, images: ImagePool, masks: ImagePool) -> None:
        self._images, self._masks = images, masks

    def picture(self, seed: int, shape: tuple[int, int], excluded: int | None) -> Picture:  # noqa: ARG002 - Source
        """Return an anomaly moved to a random place of a picture (H, W), and its pixels."""
        rng = np.random.default_rng(seed)
        number = int(rng.integers(len(self._images)))
        image, mask = self._images[number], self._masks[number]
        left, top, width, height = cv2.boundingRect(mask)
        scale = min(shape) * math.exp(rng.uniform(math.log(0.2), math.log(0.8))) / max(width, height)
        place = affine(
            from_point=(left + width / 2, top + height / 2),
            to_point=(rng.uniform(0, shape[1]), rng.uniform(0, shape[0])),
            scale=scale,
            turn=rng.uniform(0, 2 * math.pi),
        )
        patch = enhanced(warped(image, place, shape), draw_enhancement(rng))
        inside = cv2.warpAffine(mask, place, shape[::-1], flags=cv2.INTER_NEAREST, borderValue=(0,))
        return Picture(patch, inside > 0)


def random_patch(image: NDArray[np.uint8], shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a patch (H, W, 3) float32 in 0..1 of a turned and scaled image, with reflected edges."""
    height, width = image.shape[:2]
    place = affine(
        from_point=(rng.uniform(0, width), rng.uniform(0, height)),
        to_point=(shape[1] / 2, shape[0] / 2),
        scale=math.exp(rng.uniform(math.log(0.7), math.log(1.5))),
        turn=rng.uniform(0, 2 * math.pi),
    )
    return warped(image, place, shape)


def affine(
    from_point: tuple[float, float], to_point: tuple[float, float], scale: float, turn: float
) -> NDArray[np.float64]:
    """Return the matrix (2, 3) that scales and turns [rad] about a point (x, y) and moves it to another."""
    matrix = cv2.getRotationMatrix2D(from_point, math.degrees(turn), scale)
    moved = np.subtract(to_point, from_point)
    return np.asarray(matrix + np.array([[0, 0, moved[0]], [0, 0, moved[1]]]))


def warped(image: NDArray[np.uint8], matrix: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return an image (h, w, 3) moved by a matrix into a frame (H, W), float32 in 0..1, with reflected edges."""
    moved = cv2.warpAffine(image, matrix, shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, dtype=np.float32) / 255


def shuffled_grid(picture: NDArray[np.float32], blocks: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a picture (H, W, 3) whose blocks of a grid have changed places; pixels beyond the grid stay."""
    height, width = (side // blocks for side in picture.shape[:2])
    if not height or not width:
        return picture
    order = rng.permutation(blocks * blocks)
    shuffled = picture.copy()
    for place, origin in enumerate(order):
        row, column, from_row, from_column = *divmod(place, blocks), *divmod(int(origin), blocks)
        shuffled[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture[
            from_row * height : (from_row + 1) * height, from_column * width : (from_column + 1) * width
        ]
    return shuffled
