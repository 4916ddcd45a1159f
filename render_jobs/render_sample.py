"""Rendering of one planned sample: picture, class mask, instance mask, and the record that marks it as finished."""

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from blender_addon.blemishes import kinds
from blender_addon.definitions.classes import BACKGROUND, IGNORE
from blender_addon.inspection.lens import development
from blender_addon.inspection.scene import apply
from blender_addon.pictures.files import files_of
from blender_addon.pictures.masked_picture import Masks, render_only_picture, render_picture
from blender_addon.pictures.render import read_picture
from blender_addon.pictures.whole_file import json_bytes, write_whole

from .instance_rows import instance_rows
from .kept_groups import KeptGroups
from .sample_files import clean_path, record_path, relative_path
from .sample_plan import PlannedSample
from .visibility import CleanPictures, Visibility, estimated_visibility, exact_visibility, with_ignored


def render_sample(
    sample: PlannedSample,
    dataset: Path,
    groups: KeptGroups,
    prepare: Callable[..., dict[str, Any]],
    check: Callable[[], None],
) -> dict[str, Any]:
    """Render `sample` into the dataset folder and return its record.

    `groups` are the node groups kept from earlier samples; they save time and change no byte.
    `prepare(scene, annotation scene)` chooses the device and returns columns for the sample's row. `check()` is called
    when everything is rendered, before any file gets its name, and raises RuntimeError to prevent that.
    Raises RuntimeError with Blender's message if a render fails, OSError if a file cannot be written.
    """
    clean = None
    if sample.has_twin or sample.is_visibility_exact:
        clean = _render_clean(sample, dataset, groups, prepare)
    groups.empty_scene()
    scene, annotation = apply(sample.scene)
    groups.keep()
    execution = prepare(scene, annotation)
    develop = development(sample.lens, sample.scene.camera, sample.scene.picture.width, sample.noise_key)
    visibility: list[Visibility] = []

    def judge(picture: np.ndarray, masks: Masks) -> Masks:
        visibility.extend(exact_visibility(picture, clean, masks) if clean else estimated_visibility(picture, masks))
        return with_ignored(masks, tuple(visibility), sample.minimum_visibility)

    masks = render_picture(scene, annotation, files_of(dataset, sample.sample_id), develop, check, judge)
    record = {
        "sample": _sample_row(sample) | execution,
        "instances": instance_rows(sample, masks, visibility),
        "pixels": {
            "ignored": int((masks.classes == IGNORE).sum()),
            "background": int((masks.classes == BACKGROUND.id).sum()),
        },
    }
    write_whole(record_path(dataset, sample.sample_id), json_bytes(record))
    return record


def _render_clean(
    sample: PlannedSample, dataset: Path, groups: KeptGroups, prepare: Callable[..., dict[str, Any]]
) -> CleanPictures | None:
    """Render the sample's plate without stains and blemishes: same metal, light, camera, lens and noise.

    A twin's picture is written into the dataset. For an exact visibility, a second one with other random numbers
    follows, and both are returned.
    """
    groups.empty_scene()
    clean = dataclasses.replace(sample.scene, surface=sample.scene.surface.cleaned())
    scene, annotation = apply(clean)
    groups.keep()
    prepare(scene, annotation)
    pictures = []
    with tempfile.TemporaryDirectory(prefix="stainless_") as folder:
        for number in range(2 if sample.is_visibility_exact else 1):
            is_twin = number == 0 and sample.has_twin
            target = dataset / clean_path(sample.sample_id) if is_twin else Path(folder) / f"{number}.png"
            noise_key = (*sample.noise_key, number) if number else sample.noise_key
            scene.cycles.seed = number
            lens, camera, width = sample.lens, sample.scene.camera, sample.scene.picture.width
            render_only_picture(scene, target, development(lens, camera, width, noise_key))
            pictures.append(read_picture(target))
    return CleanPictures(*pictures) if sample.is_visibility_exact else None


def _sample_row(sample: PlannedSample) -> dict[str, Any]:
    """Return a row of samples.csv: a column for every drawn parameter."""
    surface = sample.scene.surface
    row: dict[str, Any] = {
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
    if sample.has_twin:
        row["clean"] = clean_path(sample.sample_id)
    pose = sample.scene.pose
    row |= {"camera_x": pose.x, "camera_y": pose.y, "camera_turn": pose.turn}
    drawn: dict[str, Any] = {
        "lens": sample.lens,
        "light": sample.scene.light,
        "metal": surface.metal,
        "water_stain": surface.water_stain,
        "stain_shading": surface.stain_shading if surface.water_stain else None,
    }
    if surface.stain_preset:
        row["stain_preset"] = surface.stain_preset
    for prefix, params in drawn.items():
        if params is not None:
            row |= {f"{prefix}_{name}": value for name, value in dataclasses.asdict(params).items()}
    return row | {kind.plural: len(surface.of_kind(kind)) for kind in kinds.KINDS}
