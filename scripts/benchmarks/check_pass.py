"""The cost of the check pass beside that of a training on the same images."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from scripts.benchmarks.images import brushed_texture
from training.data.check import check_dataset
from training.data.dataset import open_dataset
from training.data.settings import DatasetSettings
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError

SIDE = (2050, 2448)
SHARE_TESTED = 0.2


@dataclass(frozen=True)
class CheckCost:
    """Seconds of the check pass and of a training, the check included, on this number of images."""

    images: int
    check: float
    training: float

    @property
    def share(self) -> float:
        """The check's share of the training."""
        return self.check / self.training


def write_images(root: Path, count: int, seed: int) -> None:
    """Write ``count`` images of SIDE in the layout of MVTec AD.

    A fifth of them, four at least, are for the test, half of these with a mask.
    """
    tested = max(round(SHARE_TESTED * count), 4)  # two good, two with a defect: one of each for validation
    for number in range(count):
        image = brushed_texture(np.random.default_rng([seed, number]), *SIDE)
        if number >= tested:
            _write(root / "train" / "good" / f"{number:04d}.png", image)
        elif number % 2:
            _write(root / "test" / "good" / f"{number:04d}.png", image)
        else:
            mask = np.zeros(SIDE, dtype=np.uint8)
            mask[800:840, 900:1300], image[800:840, 900:1300] = 255, 20
            _write(root / "test" / "hole" / f"{number:04d}.png", image)
            _write(root / "ground_truth" / "hole" / f"{number:04d}_mask.png", mask)


def check_cost(root: Path, count: int, settings: Sequence[str]) -> CheckCost:
    """Time the check pass in this process, then a training in its own; ``settings`` are of conf/train.yaml.

    Raises UserError if the training fails.
    """
    dataset = open_dataset(DatasetSettings("mvtec", (root,), root, "mvtec", 0.5, 0))
    started = time.perf_counter()
    check_dataset(dataset)
    check = time.perf_counter() - started
    run = root / "run"
    command = [sys.executable, "-m", "training.train", "dataset=mvtec", f"dataset.root={root}", *settings]
    fixed = ["dataset.validation_fraction=0.5", f"hydra.run.dir={run}"]
    done = subprocess.run([*command, *fixed], capture_output=True, text=True, check=False, cwd=CONF_FOLDER.parent)
    if done.returncode:
        raise UserError((done.stderr.strip().splitlines() or ["training failed"])[-1].removeprefix("error: "))
    seconds = json.loads((run / "training.json").read_text())["seconds"]
    return CheckCost(count, check, seconds["collect"] + seconds["threshold"])


def _write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), pixels):
        raise UserError(f"cannot write {path}")
