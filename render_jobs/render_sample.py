"""Render one planned sample: picture, class mask, instance mask, then the record that makes it count as finished."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from blender_addon.annotation.plate_pass import labels
from blender_addon.blemishes.kinds import THINGS
from blender_addon.definitions.classes import BACKGROUND, IGNORE, WATER_STAIN
from blender_addon.definitions.random_stream import stream
from blender_addon.inspection.lens import LensParams, through_lens
from blender_addon.inspection.scene import apply
from blender_addon.pictures.png import without_metadata, write_grey_png, write_rgb_png
from blender_addon.pictures.render import render_file, render_floats
from blender_addon.pictures.whole_file import json_bytes, part_path, write_whole
from blender_addon.plate.surface import InspectedSurface

from .classes import CLASSES
from .kept_groups import KeptGroups
from .sample_files import record_path, relative_path
from .sample_plan import PlannedSample


def render_sample(
    sample: PlannedSample,
    dataset: Path,
    groups: KeptGroups,
    prepare: Callable[..., dict[str, Any]],
    check: Callable[[], None],
) -> dict[str, Any]:
    """Render `sample` into the dataset folder and return its record.

    `groups` are those kept from the samples before, which make no difference but in time.
    `prepare(scene, annotation scene)` chooses what renders them and returns columns for the sample's row; `check()` is
    called when everything is rendered, before any file gets its name, and raises RuntimeError if none may.
    Raises RuntimeError with Blender's words if a render fails, OSError if a file cannot be written.
    """
    groups.empty_scene()
    scene, annotation = apply(sample.scene)
    groups.keep()
    execution = prepare(scene, annotation)
    image_path = dataset / relative_path("image", sample.sample_id)
    if sample.lens == LensParams():
        render_file(scene, part_path(image_path))
    else:
        _as_floats(scene)
        linear = render_floats(scene, part_path(image_path.with_suffix(".exr")))[..., :3]
    mask, instances, found = labels(render_floats(annotation, part_path(dataset / "masks" / f"{sample.sample_id}.exr")))
    check()
    if sample.lens == LensParams():
        write_whole(image_path, without_metadata(part_path(image_path).read_bytes()))
    else:
        pixel = sample.scene.camera.sensor_width / sample.scene.picture.width
        write_rgb_png(image_path, through_lens(linear, sample.lens, pixel, stream(*sample.noise_key)))
    write_grey_png(dataset / relative_path("mask", sample.sample_id), mask)
    write_grey_png(dataset / relative_path("instances", sample.sample_id), instances)
    record = {
        "sample": _sample_row(sample) | execution,
        "instances": _instance_rows(sample, instances, found),
        "pixels": {"ignored": int((mask == IGNORE).sum()), "background": int((mask == BACKGROUND).sum())},
    }
    write_whole(record_path(dataset, sample.sample_id), json_bytes(record))
    return record


def _as_floats(scene: bpy.types.Scene) -> None:
    """Let a scene render its linear picture instead of an 8-bit one."""
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGBA", "32"
    settings.exr_codec = "ZIP"


def _sample_row(sample: PlannedSample) -> dict[str, Any]:
    """A row of samples.csv: a column for every drawn parameter."""
    surface = sample.scene.surface
    row = {
        "sample_id": sample.sample_id,
        "split": sample.split,
        "image": relative_path("image", sample.sample_id),
        "mask": relative_path("mask", sample.sample_id),
        "instances": relative_path("instances", sample.sample_id),
        "light": sample.light,
        "plate_id": sample.plate_id,
        "view": sample.view,
        "finish": sample.finish,
    }
    pose = sample.scene.pose
    row |= {"camera_x": pose.x, "camera_y": pose.y, "camera_turn": pose.turn}
    drawn = {
        "lens": sample.lens,
        "light": sample.scene.light,
        "metal": surface.metal,
        "water_stain": surface.water_stain,
        "stain_shading": surface.stain_shading if surface.water_stain else None,
    }
    for prefix, params in drawn.items():
        if params is not None:
            row |= {f"{prefix}_{name}": value for name, value in dataclasses.asdict(params).items()}
    return row | {thing.field: len(getattr(surface, thing.field)) for thing in THINGS}


def _instance_rows(sample: PlannedSample, instances: np.ndarray, found: list[tuple[int, int]]) -> list[dict[str, Any]]:
    """Rows of instances.csv: an instance's class, its visible pixels, and its parameters or its stain id."""
    areas = np.bincount(instances.ravel(), minlength=len(found) + 1)
    return [
        {
            "sample_id": sample.sample_id,
            "instance_id": number,
            "class": CLASSES[class_id]["name"],
            "pixel_area": int(areas[number]),
            **_instance_parameters(sample.scene.surface, class_id, key),
        }
        for number, (class_id, key) in enumerate(found, start=1)
    ]


def _instance_parameters(surface: InspectedSurface, class_id: int, key: int) -> dict[str, Any]:
    if class_id == WATER_STAIN:
        return {"stain_id": key}
    return dataclasses.asdict(surface.of_class(class_id)[key - 1])
