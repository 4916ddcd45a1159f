"""Export of a dataset to the layout of MVTec AD; a folder ``stainless`` holds data without a place there."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np

from scripts.layouts.dataset_tables import SIDECAR, DatasetTables, write_tables
from training.data.image_file import read_image
from training.data.mask_file import read_instances, read_mask
from training.data.mvtec_layout import GOOD
from training.data.sample import Dataset
from training.support.progress import with_progress
from training.support.user_error import UserError
from training.support.whole_file import write_whole

COMBINED = "combined"
"""MVTec AD's name for images with defects of several classes."""


def export_mvtec(dataset: Dataset, tables: DatasetTables, out: Path) -> None:
    """Write train/good, test/<class> and ground_truth/<class>.

    Also written are validation/<class>, validation_ground_truth/<class> and stainless/. A mask is white on defects;
    impurities and ignored pixels are black there, and unchanged in stainless/masks. Raises UserError if a class name
    cannot be a folder name.
    """
    names = {entry.id: entry.name for entry in dataset.classes if entry.kind == "defect"}
    for name in names.values():
        if name in (GOOD, COMBINED) or not re.fullmatch(r"[\w][\w .+-]*", name):
            raise UserError(f"class {name!r} cannot be a folder of MVTec's layout; rename it in dataset.json")
    for sample in with_progress(dataset.samples, len(dataset.samples), "exporting"):
        image = read_image(sample.image)
        mask = read_mask(sample, image.shape)
        shown = [names[class_id] for class_id in names if (mask == class_id).any()]
        folder = shown[0] if len(shown) == 1 else COMBINED if shown else GOOD
        name = sample.sample_id
        place = out / sample.split / folder / f"{name}{sample.image.suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample.image, place)
        if shown:
            truth = "ground_truth" if sample.split == "test" else f"{sample.split}_ground_truth"
            white = np.where(np.isin(mask, list(names)), np.uint8(255), np.uint8(0))
            _write_png(out / truth / folder / f"{name}_mask.png", white)
        _write_png(out / SIDECAR / "masks" / f"{name}.png", mask)
        _write_png(out / SIDECAR / "instances" / f"{name}.png", read_instances(sample, mask).astype(np.uint16))
    write_tables(out / SIDECAR, tables)


def _write_png(path: Path, pixels: np.ndarray) -> None:
    write_whole(path, cv2.imencode(".png", pixels)[1].tobytes())
