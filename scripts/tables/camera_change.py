"""A planted gap between two domains: the pictures of a dataset as a worse camera would take them."""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from training.data.image_file import read_image
from training.data.sample import Sample
from training.data.stainless_layout import open_stainless
from training.support.progress import with_progress
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole

RECORD = "camera_change.json"  # written last into the copy
STRONGEST = 2.0
_LOSSLESS = (".png", ".bmp", ".tif", ".tiff")
_LEFT_OUT = (".*", "README.md", "croissant.json", "contact_strip.png")
"""Hidden files, and what describes the unchanged pictures."""


@dataclass(frozen=True)
class CameraChange:
    """Factors of brightness and contrast, and the standard deviation of the blur [pixels]."""

    brightness: float
    contrast: float
    blur_sigma: float


def camera_change(strength: float) -> CameraChange:
    """Return the change of a strength in (0, STRONGEST]: darker, flatter, out of focus.

    Blur matters most: it removes the metal's grain, which coresets of sharp pictures contain. At strength 0.75 it is
    the strongest blur of ``conf/augment/paper.yaml``. Raises UserError for another strength.
    """
    if not 0 < strength <= STRONGEST:
        raise UserError(f"strength {strength:g} is not above 0 and at most {STRONGEST:g}")
    return CameraChange(1 - 0.2 * strength, 1 - 0.15 * strength, 2 * strength)


def changed(image: NDArray[np.uint8], change: CameraChange) -> NDArray[np.uint8]:
    """Return an RGB image (H, W, 3) after the change."""
    from training.data.augment import AugmentationParams, augmented

    params = AugmentationParams(
        flip_horizontal=False, flip_vertical=False, noise_sigma=0, noise_seed=0, border=None, **asdict(change)
    )
    return augmented(image, np.zeros(image.shape[:2], np.uint8), params)[0]


def write_changed(source: Path, target: Path, change: CameraChange, white_level: int | None = None) -> None:
    """Copy a dataset folder with changed pictures; masks and tables stay, the dataset's name gets that of the gap.

    A finished copy of the same source and change is kept. A copy appears complete or not at all. ``white_level`` is
    that of ``conf/dataset``. Raises UserError for a wrong dataset, for pictures in a lossy format, and for a finished
    copy of something else.
    """
    samples = open_stainless(source).samples
    lossy = next((sample.image for sample in samples if sample.image.suffix.lower() not in _LOSSLESS), None)
    if lossy is not None:
        raise UserError(f"{lossy} is in a lossy format, which a copy would change further; convert it to PNG")
    record = {**asdict(change), "white_level": white_level, "source_sha256": _digest(source)}
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent / f".{target.name}.lock"):
        if target.exists():
            if _record(target) == record:
                return
            raise UserError(f"{target} was made of another dataset or with another change; delete it")
        partial = target.with_name(f".{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        for sample in with_progress(samples, len(samples), f"pictures of {target}"):
            _write(sample, partial / sample.image.relative_to(source), change, white_level)
        description = json.loads((partial / "dataset.json").read_text(encoding="utf-8"))
        description["name"] = f"{description['name']} behind {target.parents[1].name}"
        write_json(partial / "dataset.json", description)
        write_json(partial / RECORD, record)
        partial.rename(target)


def _write(sample: Sample, path: Path, change: CameraChange, white_level: int | None) -> None:
    pixels = cv2.cvtColor(changed(read_image(sample.image, white_level), change), cv2.COLOR_RGB2BGR)
    write_whole(path, cv2.imencode(path.suffix, pixels)[1].tobytes())


def _digest(folder: Path) -> str:
    """Return a digest of the names and contents of the files that a copy is made of."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts) and path.name not in _LEFT_OUT:
            digest.update(f"{name.as_posix()}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _record(folder: Path) -> Any:
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
