"""Small folders in the layout of MVTec AD, and pictures of every kind, for tests of what comes in."""

from pathlib import Path

import cv2
import numpy as np

SIZE = 24


def picture(seed: int, size: int = SIZE) -> np.ndarray:
    """Return a noise picture (H, W, 3)."""
    return np.random.default_rng(seed).integers(90, 130, (size, size, 3), dtype=np.uint8)


def defect(value: int = 255, size: int = SIZE, dtype: type = np.uint8) -> np.ndarray:
    """Return a mask (H, W) with a square of the value."""
    mask = np.zeros((size, size), dtype)
    mask[6:12, 8:16] = value
    return mask


def write(path: Path, pixels: np.ndarray) -> Path:
    """Write pixels in the format of the suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, content = cv2.imencode(path.suffix, pixels)
    assert ok
    path.write_bytes(content.tobytes())
    return path


def write_folder(root: Path, suffix: str = ".png", good: str = "good", bad: str = "scratch") -> Path:
    """Write four train, three good and four defective images with their masks."""
    for number in range(4):
        write(root / "train" / good / f"{number:03d}{suffix}", picture(number))
    for number in range(3):
        write(root / "test" / good / f"{number:03d}{suffix}", picture(10 + number))
    for number in range(4):
        write(root / "test" / bad / f"{number:03d}{suffix}", picture(20 + number))
        write(root / "ground_truth" / bad / f"{number:03d}_mask.png", defect())
    return root
