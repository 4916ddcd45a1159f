"""Export of a dataset to COCO files: one per split, masks as run lengths."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from scripts.layouts.dataset_tables import DatasetTables
from training.data.image_file import read_image
from training.data.mask_file import read_instances, read_mask
from training.data.sample import SPLITS, Dataset
from training.prediction.coco import annotation, run_lengths
from training.support.progress import with_progress
from training.support.whole_file import write_json


def export_coco(dataset: Dataset, tables: DatasetTables, out: Path) -> None:
    """Write images/ and annotations/instances_<split>.json.

    An instance is an object of its class; pixels of a class outside all instances are one object with iscrowd 1. Data
    without a place in COCO are under "stainless": dataset.json in info, the row of samples.csv and the ignored pixels
    (RLE) in an image, the row of instances.csv in an object.
    """
    (out / "images").mkdir(parents=True)
    next_id = 1
    for split in SPLITS:
        images: list[dict[str, Any]] = []
        objects: list[dict[str, Any]] = []
        samples = dataset.split(split)
        for image_id, sample in enumerate(with_progress(samples, len(samples), f"exporting {split}"), start=1):
            image = read_image(sample.image)
            mask = read_mask(sample, image.shape)
            name = f"{sample.sample_id}{sample.image.suffix}"
            shutil.copyfile(sample.image, out / "images" / name)
            own = {"sample": tables.samples[sample.sample_id], "ignored": run_lengths(mask == dataset.ignore_id)}
            size = {"width": image.shape[1], "height": image.shape[0]}
            images.append({"id": image_id, "file_name": name, **size, "stainless": own})
            rows = {int(row["instance_id"]): row for row in tables.instances.get(sample.sample_id, [])}
            for entry in _objects(dataset, mask, read_instances(sample, mask), rows):
                objects.append({**entry, "id": next_id, "image_id": image_id})
                next_id += 1
        document = {
            "info": {"description": dataset.name, "stainless": tables.description},
            "licenses": [],
            "categories": [
                {"id": entry.id, "name": entry.name, "supercategory": entry.kind}
                for entry in dataset.classes
                if entry.kind != "background"
            ],
            "images": images,
            "annotations": objects,
        }
        write_json(out / "annotations" / f"instances_{split}.json", document)


def _objects(
    dataset: Dataset, mask: np.ndarray, instances: np.ndarray, rows: dict[int, dict[str, str]]
) -> list[dict[str, Any]]:
    found = []
    for entry in dataset.classes:
        if entry.kind == "background":
            continue
        of_class = mask == entry.id
        for number in np.unique(instances[of_class]).tolist():
            own = annotation(0, 0, entry.id, of_class & (instances == number))
            kept = {"iscrowd": 1} if number == 0 else {"stainless": rows.get(number, {"instance_id": str(number)})}
            found.append({**own, **kept})
    return found
