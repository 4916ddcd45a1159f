"""The tables of a rendered dataset: samples.csv, instances.csv, its card and, last of all, dataset.json."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from blender_addon.blemishes.kinds import annotation_classes
from blender_addon.definitions.classes import IGNORE
from blender_addon.definitions.version import stainless_version
from blender_addon.inspection.camera import metres_per_pixel
from blender_addon.job.definition import job_of
from blender_addon.job.json_schema import schema_errors
from blender_addon.pictures.render import read_floats
from blender_addon.pictures.whole_file import json_bytes, write_shared

from .dataset_card.card import card_files
from .dataset_card.contact_strip import Readers
from .job import read_schema
from .sample_files import RECORDS, RENDERER, read_record, read_renderer


def write_tables(dataset: Path, document: dict[str, Any], sample_ids: list[str], blender: str) -> bool:
    """Write the tables if all samples are finished; return whether they are.

    The files depend on the records only, so workers that finish together write the same bytes.
    """
    records = [read_record(dataset, sample_id) for sample_id in sample_ids]
    finished = [record for record in records if record is not None]
    if len(finished) < len(records):
        return False
    samples = [record["sample"] for record in finished]
    instances = [row for record in finished for row in record["instances"]]
    parts = dataset / RECORDS
    write_shared(dataset / "samples.csv", _csv(samples, ["sample_id", "split"]), parts)
    instance_table = _csv(instances, ["sample_id", "instance_id", "class", "pixel_area"])
    write_shared(dataset / "instances.csv", instance_table, parts)
    description = _description(document, blender, len(samples)) | {RENDERER: read_renderer(dataset)}
    mistakes = [*schema_errors(description, read_schema("dataset"))]
    if mistakes:
        raise AssertionError(f"dataset.json would break its schema: {mistakes[0]}")
    for name, content in card_files(dataset, description, Readers(_read_picture, _read_mask)).items():
        write_shared(dataset / name, content, parts)
    write_shared(dataset / "dataset.json", json_bytes(description), parts)
    return True


def _read_picture(path: Path) -> np.ndarray:
    """Read an 8-bit PNG with Blender; return uint8 (H, W, 3), the file's values."""
    return np.round(255 * read_floats(path)[..., :3]).astype(np.uint8)


def _read_mask(path: Path) -> np.ndarray:
    """Read a grey 8-bit PNG with Blender; return uint8 (H, W)."""
    return _read_picture(path)[..., 0]


def _csv(rows: list[dict[str, Any]], first_columns: list[str]) -> bytes:
    """Return rows as CSV; further columns follow in the order of their first appearance."""
    columns = dict.fromkeys([*first_columns, *(column for row in rows for column in row)])
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _description(document: dict[str, Any], blender: str, samples: int) -> dict[str, Any]:
    job = job_of(document)
    return {
        "format": "stainless-dataset",
        "version": 1,
        "name": job.name,
        "generator": f"stainless {stainless_version()}",
        "blender": blender,
        "image_size": {"width": job.image.width, "height": job.image.height},
        "metres_per_pixel": metres_per_pixel(job.camera, job.image.width),
        "classes": [label.description() for label in annotation_classes()],
        "ignore_id": IGNORE,
        "visibility": job.visibility,
        "seeds": document["seeds"],
        "job": document,
        "samples": samples,
    }
