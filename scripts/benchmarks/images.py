"""Images for the benchmarks: seeded brushed textures of any size, in the layout of MVTec AD."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def brushed_texture(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """Return an image (H, W, 3) of grooves along x under a light that falls off, with some noise."""
    grooves = cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), sigmaX=16, sigmaY=0.7)
    clouds = cv2.resize(rng.normal(size=(6, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    noise = rng.normal(scale=2.0, size=(height, width))
    grey = 125 + 14 * grooves / grooves.std() + 22 * clouds + noise
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def write_nominal_folder(root: Path, count: int, side: tuple[int, int], seed: int) -> list[Path]:
    """Write train/good with ``count`` images of side (H, W), and a small test split with one hole.

    Returns the train images.
    """
    paths = []
    for number in range(count):
        image = brushed_texture(np.random.default_rng([seed, number]), *side)
        paths.append(_write(root / "train" / "good" / f"{number:03d}.png", image))
    for number in range(4):
        image = brushed_texture(np.random.default_rng([seed, 1000 + number]), 256, 256)
        if number % 2 == 0:
            _write(root / "test" / "good" / f"{number}.png", image)
            continue
        mask = np.zeros((256, 256), dtype=np.uint8)
        mask[100:140, 90:150], image[100:140, 90:150] = 255, 20
        _write(root / "test" / "hole" / f"{number}.png", image)
        _write(root / "ground_truth" / "hole" / f"{number}_mask.png", mask)
    return paths


def _write(path: Path, image: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)
    return path
