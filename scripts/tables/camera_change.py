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
    """Factors of brightness and contrast, deviations of blur [pixels] and noise (white is 1)."""

    brightness: float
    contrast: float
    blur_sigma: float
    noise_sigma: float


def camera_change(strength: float) -> CameraChange:
    """Return the change of a strength in (0, STRONGEST]: darker, flatter, less sharp, noisier.

    At strength 1, blur and noise lie within the ranges of ``conf/augment/paper.yaml``, brightness and contrast beyond
    them. Raises UserError for another strength.
    """
    if not 0 < strength <= STRONGEST:
        raise UserError(f"strength {strength:g} is not above 0 and at most {STRONGEST:g}")
    return CameraChange(1 - 0.25 * strength, 1 - 0.15 * strength, 1.0 * strength, 0.03 * strength)


def changed(image: NDArray[np.uint8], change: CameraChange, sample_id: str) -> NDArray[np.uint8]:
    """Return an RGB image (H, W, 3) after the change; the noise depends on the sample's name alone."""
    params = AugmentationParams(
        flip_horizontal=False,
        flip_vertical=False,
        noise_seed=int(np.random.default_rng([*sample_id.encode()]).integers(2**63)),
        border=None,
        **asdict(change),
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
        pixels = changed(read_image(sample.image), change, sample.sample_id)
        encoded = cv2.imencode(sample.image.suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1]
        write_whole(partial / sample.image.relative_to(source), encoded.tobytes())
    write_json(partial / RECORD, asdict(change))
    partial.rename(target)


def _record(folder: Path) -> object:
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
