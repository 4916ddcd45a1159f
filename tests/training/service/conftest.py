"""A small trained model for the services, and pictures for it."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.configured import train_run
from tests.training.small_plates import TINY, compose_config, plate, write_png


@pytest.fixture(scope="session")
def line_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run folder of a coreset with a reference of 12 nominal images."""
    root, rng = tmp_path_factory.mktemp("line"), np.random.default_rng(8)
    for number in range(4):
        write_png(root / "data" / "train" / "good" / f"{number}.png", plate(rng))
    for number in range(24):
        write_png(root / "data" / "test" / "good" / f"{number}.png", plate(rng))
    for number in range(4):
        image, mask = plate(rng), np.zeros((72, 88), dtype=np.uint8)
        image[20:30, 10:50], mask[20:30, 10:50] = 255, 255
        write_png(root / "data" / "test" / "mark" / f"{number}.png", image)
        write_png(root / "data" / "ground_truth" / "mark" / f"{number}_mask.png", mask)
    data = ["dataset=mvtec", f"dataset.root={root / 'data'}", "dataset.validation_fraction=0.5"]
    train_run(compose_config("train", [*data, *TINY, "device=cpu"]), root / "run")
    return root / "run"


def picture(number: int) -> np.ndarray:
    """Return a plate, every third with a mark."""
    image = plate(np.random.default_rng([5, number]), 60 + number % 4, 80)
    if number % 3 == 0:
        image[20:30, 10:50] = 255
    return image
