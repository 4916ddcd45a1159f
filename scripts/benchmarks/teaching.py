"""A planted defect that a coreset misses because a train image shows one like it, and is taught to find."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.training_steps import composed_config, quoted
from training.data.dataset import Dataset, Sample, open_dataset, read_image, read_mask
from training.explanation.nearest_patches import Box
from training.model.anomaly_model import load_anomaly_model
from training.model.settings import ModelOverrides
from training.runs.forget_run import forget_run
from training.runs.settings import read_forget_settings, read_training_settings
from training.runs.training_run import train_run
from training.support.user_error import UserError

_THICK, _GREY = 3, 45  # pixels, and grey levels of the scratch's contrast
SCRATCHES = 8
"""Number of scratches in the dirty train image."""
VALIDATION = 0.5
"""Share of the evaluation images that become the validation split."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Lesson:
    """A folder in MVTec's layout with scratches in one train image, and an image with one like them, by its box."""

    root: Path
    missed: Path
    box: Box


def scratched(picture: Picture, rng: np.random.Generator, angle: float) -> tuple[Picture, Box]:
    """Return a picture with a bright scratch at an angle [radians] in its middle half, and the scratch's box."""
    height, width = picture.shape[:2]
    reach = 0.12 * min(height, width) * np.array([np.cos(angle), np.sin(angle)])
    centre = rng.uniform(0.35, 0.65, 2) * (width, height)
    ends = [[int(v) for v in np.round(centre + sign * reach)] for sign in (-1, 1)]
    line = np.zeros((height, width), np.uint8)
    cv2.line(line, ends[0], ends[1], (255,), _THICK, cv2.LINE_AA)
    bright = picture.astype(np.float32) + _GREY * (line[..., None] / 255)
    y, x = np.nonzero(line)
    box = (int(x.min()), int(y.min()), int(np.ptp(x)) + 1, int(np.ptp(y)) + 1)
    return np.clip(bright, 0, 255).astype(np.uint8), box


def lesson(train: Sequence[Sample], evaluation: Dataset, folder: Path, draw: int) -> Lesson:
    """Write the folder of a draw. Raises UserError if there is no nominal evaluation image to scratch."""
    rng = np.random.default_rng([31, draw])
    angle = rng.uniform(0, np.pi)
    dirty = int(rng.integers(len(train)))
    for number, sample in enumerate(train):
        picture = read_image(sample.image)
        for _ in range(SCRATCHES if number == dirty else 0):
            picture, _ = scratched(picture, rng, angle)
        _write(folder / "train" / "good" / f"{number:04d}.png", picture)
    nominal: list[Path] = []
    for number, sample in enumerate(s for s in evaluation.samples if s.split != "train"):
        picture = read_image(sample.image)
        defect = np.isin(read_mask(sample, picture.shape), evaluation.defect_ids)
        kind = "defect" if defect.any() else "good"
        path = folder / "test" / kind / f"{number:04d}.png"
        _write(path, picture)
        if defect.any():
            mask = np.repeat(255 * defect.astype(np.uint8)[..., None], 3, axis=2)
            _write(folder / "ground_truth" / kind / f"{number:04d}_mask.png", mask)
        else:
            nominal.append(path)
    # a train image of which the coreset does not know the scratch: rendered sets have few nominal evaluation images
    plain = read_image(nominal[int(rng.integers(len(nominal)))]) if nominal else read_image(train[dirty - 1].image)
    picture, box = scratched(plain, rng, angle)
    _write(folder / "missed.png", picture)
    return Lesson(folder, folder / "missed.png", box)


def taught(given: Lesson, folder: Path, training: Sequence[str]) -> dict[str, Any]:
    """Train, teach the missed scratch, and return what changed."""
    data = ["dataset=mvtec", f"dataset.root={quoted(given.root)}", f"dataset.validation_fraction={VALIDATION}"]
    cfg = composed_config("train", *data, *training)
    train_run(read_training_settings(cfg), folder / "before")
    before = _ratio(folder / "before", given)
    found: dict[str, Any] = {"before": before, "missed": before < 1}
    if not found["missed"]:
        return found
    box = ",".join(map(str, given.box))
    asked = [f"model={quoted(folder / 'before')}", f"missed={quoted(given.missed)}", f"box=[{box}]"]
    try:
        changed = forget_run(read_forget_settings(composed_config("forget", *asked, *data)), folder / "after")
    except UserError as error:
        return {**found, "found": False, "refused": str(error)}
    counts = [changed[split] for split in ("validation", "test") if split in changed]
    images = sum(count["before"]["nominal_images"] for count in counts)
    raised = [sum(count[when]["raised_images"] for count in counts) for when in ("before", "after")]
    after = _ratio(folder / "after", given)
    return {
        **found,
        "after": after,
        "found": after >= 1,
        "dropped": len(changed["dropped"]),
        "nominal_images": images,
        "raised_before": raised[0],
        "raised_after": raised[1],
        "newly_raised": max(raised[1] - raised[0], 0) / images if images else None,
    }


def opened(layout: str, root: Path) -> Dataset:
    """Return a dataset folder with all its splits."""
    settings = composed_config("train", f"dataset={layout}", f"dataset.root={quoted(root)}")
    from training.data.settings import read_dataset_settings

    return open_dataset(read_dataset_settings(settings.dataset))


def _ratio(run: Path, given: Lesson) -> float:
    """Return the largest score of the box over the threshold."""
    model = load_anomaly_model(run, ModelOverrides("cpu"))
    left, top, width, height = given.box
    scores = model.anomaly_map(read_image(given.missed))[top : top + height, left : left + width]
    return float(scores.max()) / model.threshold


def _write(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
        raise UserError(f"cannot write {path}")
