"""A planted gap between two domains: the pictures of a dataset as a worse camera would take them."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.augment import AugmentationParams, augmented
from training.data.image_file import read_image
from training.data.stainless_layout import open_stainless
from training.support.progress import with_progress
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole

RECORD = "camera_change.json"  # written last into the copy
STRONGEST = 2.0


@dataclass(frozen=True)
class CameraChange:
    """Factors of brightness and contrast, and the standard deviation of the blur [pixels]."""

    brightness: float
    contrast: float
    blur_sigma: float


def camera_change(strength: float) -> CameraChange:
    """Return the change of a strength in (0, STRONGEST]: darker, flatter, out of focus.

    The blur parts the domains most: it takes the grain of the metal away, which every coreset of sharp pictures has.
    At strength 0.75 it is the strongest blur of ``conf/augment/paper.yaml``. Raises UserError for another strength.
    """
    if not 0 < strength <= STRONGEST:
        raise UserError(f"strength {strength:g} is not above 0 and at most {STRONGEST:g}")
    return CameraChange(1 - 0.2 * strength, 1 - 0.15 * strength, 2 * strength)


def changed(image: NDArray[np.uint8], change: CameraChange) -> NDArray[np.uint8]:
    """Return an RGB image (H, W, 3) after the change."""
    params = AugmentationParams(
        flip_horizontal=False, flip_vertical=False, noise_sigma=0, noise_seed=0, border=None, **asdict(change)
    )
    return augmented(image, np.zeros(image.shape[:2], np.uint8), params)[0]


def write_changed(source: Path, target: Path, change: CameraChange) -> None:
    """Copy a dataset folder and change its pictures; masks and tables stay. A complete copy of the same change stays.

    The copy appears complete or not at all. Raises UserError for a wrong dataset, and for a target of another change.
    """
    dataset = open_stainless(source)
    if target.exists():
        if _record(target) == asdict(change):
            return
        raise UserError(f"{target} exists and was made with other settings; delete it, or choose another --out")
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial, ignore=shutil.ignore_patterns(".*"))
    for sample in with_progress(dataset.samples, len(dataset.samples), target.parent.name):
        pixels = changed(read_image(sample.image), change)
        encoded = cv2.imencode(sample.image.suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1]
        write_whole(partial / sample.image.relative_to(source), encoded.tobytes())
    write_json(partial / RECORD, asdict(change))
    partial.rename(target)


def _record(folder: Path) -> object:
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
