"""Peak memory of ``python -m training.train`` over the number and the size of train images."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.images import write_nominal_folder
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError


@dataclass(frozen=True)
class Training:
    """A training run: number of images, their side (H, W) [pixels], number of different ones, and epochs."""

    images: int
    side: tuple[int, int]
    different: int
    epochs: int


FULL = (
    Training(4, (2050, 2448), 4, 1),
    Training(16, (2050, 2448), 16, 1),
    Training(100, (128, 128), 20, 1),
    Training(1_000, (128, 128), 20, 1),
    Training(1, (10_000, 10_000), 1, 1),
)
QUICK = (Training(2, (512, 612), 2, 1), Training(8, (512, 612), 8, 1), Training(200, (128, 128), 20, 1))


def idle_memory() -> float:
    """Return the peak memory [MiB] of an interpreter that has only imported the libraries of training."""
    code = "import training.runs.training_run\nfrom training.runs.record import peak_memory_mb\nprint(peak_memory_mb())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CONF_FOLDER.parent
    )
    return float(done.stdout)


def peak_memory(training: Training, folder: Path, seed: int, settings: Sequence[str]) -> float:
    """Return the peak memory [MiB] of a training run in a process of its own; ``settings`` are of conf/train.yaml.

    Images beyond the different ones are further names of the same files. Raises UserError if the training fails.
    """
    paths = write_nominal_folder(folder, training.different, training.side, seed)
    for number in range(training.different, training.images):
        os.link(paths[number % len(paths)], paths[0].with_name(f"{number:05d}_again.png"))
    run = folder / "run"
    command = [sys.executable, "-m", "training.train", "dataset=mvtec", f"dataset.root={folder}", *settings]
    fixed = [f"coreset.epochs={training.epochs}", "device=cpu", f"hydra.run.dir={run}"]
    done = subprocess.run([*command, *fixed], capture_output=True, text=True, check=False, cwd=CONF_FOLDER.parent)
    if done.returncode:
        raise UserError((done.stderr.strip().splitlines() or ["training failed"])[-1].removeprefix("error: "))
    return float(json.loads((run / "training.json").read_text())["peak_memory_mb"])
