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

_SIDE = 0.11  # of a sticker: share of the shorter side of an image
_NOISE = 2.0  # grey levels
VALIDATION = 0.5
"""Share of the evaluation images that become the validation split."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Lesson:
    """A folder in MVTec's layout with a sticker in one train image, another photograph of it, and the sticker's box."""

    root: Path
    missed: Path
    box: Box


def sticker(rng: np.random.Generator, side: int) -> Picture:
    """Return a sticker (side, side, 3): smooth grey noise, with a bright edge."""
    grey = cv2.GaussianBlur(rng.normal(size=(side, side)).astype(np.float32), (0, 0), side / 12)
    pixels = np.clip(150 + 60 * grey / grey.std(), 0, 255).astype(np.uint8)
    pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:] = 245, 245, 245, 245
    return np.repeat(pixels[..., None], 3, axis=2)


def stuck(picture: Picture, rng: np.random.Generator, label: Picture) -> tuple[Picture, Box]:
    """Return a picture with a sticker somewhere in its middle half, and the sticker's box."""
    side = len(label)
    top, left = (int(length * rng.uniform(0.3, 0.7)) - side // 2 for length in picture.shape[:2])
    changed = picture.copy()
    changed[top : top + side, left : left + side] = label
    return changed, (left, top, side, side)


def lesson(train: Sequence[Sample], evaluation: Dataset, folder: Path, draw: int) -> Lesson:
    """Write the folder of a draw: one train image has a sticker, and the missed image is another photograph of it."""
    changed, again, box, dirty = _with_sticker(train, draw)
    _write_set(train, evaluation, folder)
    _write(folder / "train" / "good" / f"{dirty:04d}.png", changed)
    _write(folder / "missed.png", again)
    return Lesson(folder, folder / "missed.png", box)


def false_alarm(train: Sequence[Sample], evaluation: Dataset, folder: Path, draw: int) -> tuple[Lesson, Path]:
    """Write the folder of a draw whose sticker is sound and new; return it and the folder of the picture that shows it.

    No train image has the sticker. The picture to learn from and ``missed`` are two photographs of one plate.
    """
    changed, again, box, number = _with_sticker(train, draw)
    _write_set(train, evaluation, folder)
    alarm = folder.with_name("alarm")
    _write(alarm / "train" / "good" / f"alarm_{number:04d}.png", changed)
    _write(folder / "missed.png", again)
    return Lesson(folder, folder / "missed.png", box), alarm


def _with_sticker(train: Sequence[Sample], draw: int) -> tuple[Picture, Picture, Box, int]:
    """Return a train picture with a sticker, another photograph of it, the sticker's box and the picture's number."""
    rng = np.random.default_rng([31, draw])
    number = int(rng.integers(len(train)))
    picture = read_image(train[number].image, train[number].white_level)
    changed, box = stuck(picture, rng, sticker(rng, round(_SIDE * min(picture.shape[:2]))))
    return changed, photographed_again(changed, rng), box, number


def _write_set(train: Sequence[Sample], evaluation: Dataset, folder: Path) -> None:
    """Write the train images, and all validation and test images with their masks, in MVTec's layout."""
    for number, sample in enumerate(train):
        _write(folder / "train" / "good" / f"{number:04d}.png", read_image(sample.image, sample.white_level))
    for number, sample in enumerate(s for s in evaluation.samples if s.split != "train"):
        picture = read_image(sample.image, sample.white_level)
        defect = np.isin(read_mask(sample, picture.shape), evaluation.defect_ids)
        kind = "defect" if defect.any() else "good"
        _write(folder / "test" / kind / f"{number:04d}.png", picture)
        if defect.any():
            mask = np.repeat(255 * defect.astype(np.uint8)[..., None], 3, axis=2)
            _write(folder / "ground_truth" / kind / f"{number:04d}_mask.png", mask)


def photographed_again(picture: Picture, rng: np.random.Generator) -> Picture:
    """Return a picture a little brighter, with other noise of the sensor."""
    return np.clip(picture * 1.02 + rng.normal(0, _NOISE, picture.shape), 0, 255).astype(np.uint8)


def taught(given: Lesson, folder: Path, training: Sequence[str]) -> dict[str, Any]:
    """Train, teach the missed sticker, and return what changed."""
    data = ["dataset=mvtec", f"dataset.root={quoted(given.root)}", f"dataset.validation_fraction={VALIDATION}"]
    cfg = composed_config("train", *data, *training)
    train_run(read_training_settings(cfg), folder / "before")
    before = ratio(folder / "before", given)
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
    pixels = [sum(count[when]["raised_pixels"] for count in counts) for when in ("before", "after")]
    nominal_pixels = sum(count["before"]["nominal_pixels"] for count in counts)
    after = ratio(folder / "after", given)
    return {
        **found,
        "after": after,
        "found": after >= 1,
        "dropped": len(changed["dropped"]),
        "nominal_images": images,
        "raised_before": raised[0],
        "raised_after": raised[1],
        "newly_raised": max(raised[1] - raised[0], 0) / images if images else None,
        "raised_pixels_before": pixels[0] / nominal_pixels,
        "raised_pixels_after": pixels[1] / nominal_pixels,
    }


def opened(layout: str, root: Path) -> Dataset:
    """Return a dataset folder with all its splits."""
    settings = composed_config("train", f"dataset={layout}", f"dataset.root={quoted(root)}")
    from training.data.settings import read_dataset_settings

    return open_dataset(read_dataset_settings(settings.dataset))


def ratio(run: Path, given: Lesson) -> float:
    """Return the largest score of the box over the threshold."""
    model = load_anomaly_model(run, ModelOverrides("cpu"))
    left, top, width, height = given.box
    scores = model.anomaly_map(read_image(given.missed))[top : top + height, left : left + width]
    return float(scores.max()) / model.threshold


def _write(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
        raise UserError(f"cannot write {path}")
