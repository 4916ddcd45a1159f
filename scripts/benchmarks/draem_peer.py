"""anomalib's DRAEM as a peer of the defect map: same batches, steps, learning rates, widths and image size."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from eval.metrics.curve_tally import CurveTally
from scripts.benchmarks.anomalib_peer import run_peer
from scripts.training_steps import composed_config
from training.anomaly_synthesis.nominal_images import resized_image
from training.data.dataset import read_image, read_mask
from training.defect_map.examples import Batch
from training.defect_map.learner import Learner, learning_rate
from training.defect_map.settings import DefectMapSettings
from training.model.curves import average_precision
from training.runs.defect_map_run import Examples, open_examples
from training.runs.defect_map_settings import read_defect_map_run_settings
from training.support.user_error import UserError

_TIMED_STEPS = 100
FIT = Path(__file__).with_name("draem_fit.py")


def draem(
    python: Path, folder: Path, dataset: Sequence[str], settings: Sequence[str], seed: int, memory_gb: float = 16
) -> dict[str, float | None]:
    """Train DRAEM on the batches that a defect map of these settings sees; return pixel AP in percent and step times.

    ``folder`` is for its files: 110 kB per example of 128 x 128 pixels. Raises UserError if the peer fails.
    """
    cfg = composed_config("train_defect_map", *dataset, *settings, f"defect_map.seed={seed}")
    read = read_defect_map_run_settings(cfg)
    examples, course = open_examples(read), read.defect_map.optimisation
    folder.mkdir(parents=True, exist_ok=True)
    samples = examples.dataset.split("test")
    tests = []
    for number, sample in enumerate(samples):
        tests.append(folder / f"test_{number}.npy")
        np.save(tests[-1], _padded(resized_image(read_image(sample.image), read.defect_map.map.resize)))
    job: dict[str, Any] = {
        "width": read.defect_map.architecture.prediction_channels[0],
        "rates": [learning_rate(course, step) for step in range(course.steps)],
        "batches": _written(examples, course.steps, folder),
        "threads": 1,
        "seed": seed,
        "test": [str(path) for path in tests],
        "maps": str(folder),
    }
    done = run_peer(python, job, folder, memory_gb, 3600.0, FIT)
    if "failed" in done:
        raise UserError(f"anomalib's DRAEM: {done['failed']}")
    tally = CurveTally()
    for number, sample in enumerate(samples):
        mask = read_mask(sample, read_image(sample.image).shape)
        found = np.load(folder / f"{number}.npy", allow_pickle=False)
        seen = resized_image(read_image(sample.image), read.defect_map.map.resize).shape
        scores = cv2.resize(found[: seen[0], : seen[1]].astype(np.float32), mask.shape[::-1])
        defect = np.isin(mask, examples.dataset.defect_ids)
        sound = ~defect & (mask != examples.dataset.ignore_id)
        parts = {"defect": scores[defect], "impurity": np.empty(0, np.float32), "background": scores[sound]}
        tally.add(parts, np.ones(int(defect.sum())))
    positives, negatives, _ = tally.weights()
    precision = average_precision(positives, negatives)
    return {
        "ap": None if precision is None else 100 * precision,
        "step_ms": 1000 * done["step_seconds"],
        "own_step_ms": 1000 * _own_step_seconds(read.defect_map, job["batches"]),
    }


def _own_step_seconds(settings: DefectMapSettings, files: dict[str, str]) -> float:
    """Return the mean CPU seconds of this project's step on one thread, over the same first batches."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    learner = Learner(settings, None, torch.device("cpu"))
    image, target, label = (np.load(files[part], mmap_mode="r") for part in ("image", "target", "label"))
    steps = min(len(image), _TIMED_STEPS)
    started = time.process_time()
    for step in range(steps):
        seen, sound = (
            torch.from_numpy(np.array(part[step])).permute(0, 3, 1, 2).float() / 255 for part in (image, target)
        )
        learner.step(step, Batch(seen, sound, torch.from_numpy(np.array(label[step]))[:, None]))
    seconds = (time.process_time() - started) / steps
    torch.set_num_threads(threads)
    return seconds


def _written(examples: Examples, steps: int, folder: Path) -> dict[str, str]:
    """Write all batches as three arrays; return their files."""
    course = examples.maker
    first = [course.example(0, place) for place in range(course.size)]
    shape = (steps, len(first), *first[0].label.shape)
    files = {part: folder / f"{part}.npy" for part in ("image", "target", "label")}
    shapes = {"image": (*shape, 3), "target": (*shape, 3), "label": shape}
    arrays = {
        part: np.lib.format.open_memmap(files[part], mode="w+", dtype=np.uint8, shape=shapes[part]) for part in files
    }
    for step in range(steps):
        for place in range(course.size):
            example = course.example(step, place)
            for part, array in arrays.items():
                array[step, place] = getattr(example, part)
    for array in arrays.values():
        array.flush()
    return {part: str(path) for part, path in files.items()}


def _padded(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image whose sides are multiples of 32, as DRAEM needs, with reflected pixels below and to the right."""
    below, right = (-side % 32 for side in image.shape[:2])
    return np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric")
