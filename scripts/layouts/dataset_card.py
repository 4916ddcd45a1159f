"""The card of a dataset folder on this side: any image format is read, and mlcroissant checks it."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from render_jobs.dataset_card.card import CROISSANT, card_files
from render_jobs.dataset_card.contact_strip import Readers
from training.data.image_file import read_image
from training.data.mask_file import read_mask
from training.data.sample import Dataset
from training.support.progress import with_progress
from training.support.user_error import UserError
from training.support.whole_file import write_whole


def write_card(
    folder: Path, description: Mapping[str, Any], shown: Mapping[str, Collection[str]], licence: str | None = None
) -> list[str]:
    """Write the card of a folder whose tables and pictures are written; return the files' names.

    ``description`` is the content of dataset.json, ``shown`` the names of the classes in each sample's mask by
    sample_id. Raises UserError if a file cannot be read or written.
    """
    try:
        files = card_files(folder, description, Readers(read_image, _read_mask), shown, licence)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot write the card of {folder}: {error}") from error
    for name, content in files.items():
        write_whole(folder / name, content)
    return list(files)


def shown_classes(dataset: Dataset) -> dict[str, set[str]]:
    """Return the names of the classes in each sample's mask, by sample_id. Raises UserError for a damaged mask."""
    names = {entry.id: entry.name for entry in dataset.classes}
    shown: dict[str, set[str]] = {}
    for sample in with_progress(dataset.samples, len(dataset.samples), "reading masks"):
        shown[sample.sample_id] = set()
        if sample.mask is not None:
            mask = read_mask(sample, read_image(sample.image).shape)
            shown[sample.sample_id] = {names[number] for number in np.unique(mask).tolist() if number in names}
    return shown


def _read_mask(path: Path) -> NDArray[np.uint8]:
    """Return the class ids of a mask, uint8 (H, W); a palette's are its indices."""
    with Image.open(path) as file:
        ids = np.asarray(file)
    return (ids if ids.ndim == 2 else ids[..., 0]).astype(np.uint8)


def check_card(folder: Path) -> int:
    """Validate a folder's croissant.json with mlcroissant and read its samples; return the number of samples.

    Raises UserError if mlcroissant is not installed, or with its first complaint.
    """
    try:
        import mlcroissant
    except ImportError as error:
        raise UserError("--check needs mlcroissant: uv sync, or uv tool install '.[card]'") from error
    if not (folder / CROISSANT).is_file():
        raise UserError(f"{folder} has no {CROISSANT}; stainless card {folder} writes it")
    logging.getLogger("absl").setLevel(logging.ERROR)  # recommended properties that nobody can state for another
    try:
        dataset = mlcroissant.Dataset(jsonld=str(folder / CROISSANT))
        return sum(1 for _ in dataset.records("samples"))
    except Exception as error:  # mlcroissant raises errors of many kinds, also those of what it reads with
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise UserError(f"{folder / CROISSANT}: {' '.join(lines) or type(error).__name__}") from error
