"""Common parts of the training tests: noise plates, a small backbone, composed configs."""

from pathlib import Path

import cv2
import numpy as np
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from training.support.entry_point import CONF_FOLDER

CLASSES = [
    {"id": 0, "name": "background", "kind": "background", "colour": [0, 0, 0]},
    {"id": 4, "name": "scratch", "kind": "defect", "colour": [255, 0, 0]},
    {"id": 6, "name": "water_stain", "kind": "impurity", "colour": [0, 0, 255]},
]
torch.set_num_threads(1)  # more threads slow down small images on a busy machine
TINY = ["extractor=resnet18", "extractor.weights=random", "coreset.size=40", "coreset.epochs=3"]


def compose_config(config: str, overrides: list[str]) -> DictConfig:
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        return compose(config, overrides)


def write_png(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def plate(rng: np.random.Generator, height: int = 72, width: int = 88) -> np.ndarray:
    return rng.integers(90, 130, (height, width, 3), dtype=np.uint8)
