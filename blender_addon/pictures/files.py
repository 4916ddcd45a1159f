"""Paths of a sample's files in a dataset folder."""

from dataclasses import dataclass
from pathlib import Path

FOLDERS = {"image": "images", "mask": "masks", "instances": "instances"}  # by a sample's part

CLEAN_FOLDER = "clean"
"""Folder of the clean twins of a triplet dataset."""


@dataclass(frozen=True)
class PictureFiles:
    """The three files of a sample."""

    image: Path
    mask: Path
    instances: Path


def files_of(folder: Path, sample_id: str) -> PictureFiles:
    """Return the files of a sample in a dataset folder."""
    return PictureFiles(*(folder / name / f"{sample_id}.png" for name in FOLDERS.values()))


def next_files(folder: Path) -> PictureFiles:
    """Return the files under the next free number: one above the greatest in the folder, 0 in an empty folder."""
    numbers = [int(path.stem) for path in (folder / FOLDERS["image"]).glob("*.png") if path.stem.isdigit()]
    return files_of(folder, f"{max(numbers, default=-1) + 1:06d}")
