"""Measure which share of the labels a camera would see: instances and labelled pixels above the noise, by class."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import bpy

from blender_addon.job.definition import job_of
from render_jobs.device import find_device
from render_jobs.kept_groups import KeptGroups
from render_jobs.render_sample import render_sample
from render_jobs.renderer_choice import choose_renderer
from render_jobs.sample_files import open_dataset_folder
from render_jobs.sample_plan import drawn_by, plan_samples

ABOVE_NOISE = 1.0  # visibility of an instance that changes as much as the noise
COUNTS = {"scratches": [3, 3], "dents": [3, 3], "bumps": [2, 2], "fingerprints": [2, 2], "stickers": [1, 1]}


def labelled_plates(job: Mapping[str, Any], plates: int) -> dict[str, Any]:
    """Return a job of plates with every class on them, whose visibility is measured exactly."""
    split = {"name": "test", "plates": plates, "water_stains": True, **COUNTS}
    return {**job, "splits": [split], "labels": {"visibility": "exact"}}


def rendered_instances(
    job: Mapping[str, Any], folder: Path, prepare: Callable[..., dict[str, Any]]
) -> list[dict[str, Any]]:
    """Render a job into an empty folder; return its rows of instances.csv."""
    document, plan = dict(job), plan_samples(job)
    choice = choose_renderer(job_of(document), find_device("cpu"))
    renderer = open_dataset_folder(folder, document, bpy.app.version_string, len(plan), choice)
    groups, samples = KeptGroups(folder), drawn_by(renderer, plan)
    records = [render_sample(sample, folder, groups, prepare, lambda: None) for sample in samples]
    return [row for record in records for row in record["instances"]]


def visible_shares(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return, by class, the number of instances and the shares of instances and of pixels above the noise, in [0, 1].

    `rows` are those of instances.csv of a dataset with exact visibility.
    """
    by_class: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_class[row["class"]].append(row)
    shares = {}
    for name, of_class in sorted(by_class.items()):
        pixels = sum(int(row["pixel_area"]) for row in of_class)
        visible = sum(float(row["visible_part"]) * int(row["pixel_area"]) for row in of_class)
        above = sum(float(row["visibility"]) >= ABOVE_NOISE for row in of_class)
        shares[name] = {
            "instances": len(of_class),
            "visible_instances": above / len(of_class),
            "visible_pixels": visible / pixels,
        }
    return shares
