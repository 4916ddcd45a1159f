"""Export of a dataset to images with LabelMe files; every instance is a shape of type mask (LabelMe 5.3 or later)."""

import base64
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from scripts.layouts.dataset_tables import SIDECAR, DatasetTables, write_tables
from scripts.layouts.labelme_file import IGNORED, NO_INSTANCE
from training.data.image_file import read_image
from training.data.mask_file import read_instances, read_mask
from training.data.sample import Dataset
from training.support.progress import with_progress
from training.support.whole_file import write_json

LABELME = "5.5.0"  # the version that these fields belong to


def export_labelme(dataset: Dataset, tables: DatasetTables, out: Path) -> None:
    """Write <sample_id>.<suffix> with <sample_id>.json beside it, and stainless/ with the tables.

    The group_id is the instance id; ignored pixels are a shape labelled "ignore".
    """
    for sample in with_progress(dataset.samples, len(dataset.samples), "exporting"):
        image = read_image(sample.image)
        mask = read_mask(sample, image.shape)
        instances = read_instances(sample, mask)
        shapes = []
        for entry in dataset.classes:
            of_class = (mask == entry.id) & (entry.kind != "background")
            for number in np.unique(instances[of_class]).tolist():
                shapes.append(_shape(entry.name, number, of_class & (instances == number)))
        if (mask == dataset.ignore_id).any():
            shapes.append(_shape(IGNORED, 0, mask == dataset.ignore_id))
        name = f"{sample.sample_id}{sample.image.suffix}"
        shutil.copyfile(sample.image, out / name)
        document: dict[str, Any] = {
            "version": LABELME,
            "flags": {},
            "shapes": shapes,
            "imagePath": name,
            "imageData": None,
            "imageHeight": image.shape[0],
            "imageWidth": image.shape[1],
        }
        write_json(out / f"{sample.sample_id}.json", document)
    write_tables(out / SIDECAR, tables)


def _shape(label: str, number: int, pixels: np.ndarray) -> dict[str, Any]:
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    (top, bottom), (left, right) = (rows[[0, -1]].tolist(), columns[[0, -1]].tolist())
    box = pixels[top : bottom + 1, left : right + 1].astype(np.uint8)
    return {
        "label": label,
        "points": [[left, top], [right, bottom]],
        "group_id": number or None,
        "description": "",
        "shape_type": "mask",
        "flags": {} if number or label == IGNORED else {NO_INSTANCE: True},
        "mask": base64.b64encode(cv2.imencode(".png", box)[1].tobytes()).decode("ascii"),
    }
