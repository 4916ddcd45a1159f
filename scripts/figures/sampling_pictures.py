"""Plates rendered with different sampling settings of Cycles, for scripts/sampling_study.py."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import cv2
from hydra import compose, initialize_config_dir

from blender_addon.pictures.files import FOLDERS
from render_jobs.blender_output import output_to
from render_jobs.dataset_tables import write_tables
from render_jobs.device import find_device
from render_jobs.kept_groups import KeptGroups
from render_jobs.render_loop import Execution, prepare
from render_jobs.render_sample import render_sample
from render_jobs.sample_files import LOGS, open_dataset_folder, read_record
from render_jobs.sample_plan import plan_samples
from scripts.render import composed_job
from training.support.entry_point import CONF_FOLDER
from training.support.progress import with_progress

Splits = Sequence[tuple[str, int, dict[str, list[int]]]]
ALL_SIX = {"scratches": [2, 3], "dents": [2, 3], "bumps": [1, 2], "fingerprints": [1, 1], "stickers": [1, 1]}
TRAINED: Splits = [("train", 4, {"scratches": [0, 0], "dents": [0, 0]})]
EVALUATED: Splits = [("validation", 2, ALL_SIX), ("test", 3, ALL_SIX)]
FIRST_EVALUATED = 100  # number of the first test plate; train plates have lower numbers


@dataclass(frozen=True)
class Sampling:
    """Settings of Cycles that cost time.

    They are paths per pixel, bounces after the first hit, whether and how a path samples the ring light directly at a
    reflection, and whether OpenImageDenoise takes the noise out.
    """

    samples: int
    bounces: int = 1
    light_tree: bool = False
    look_for_ring: bool = True
    denoise: bool = False

    @property
    def name(self) -> str:
        """A name that no other setting has."""
        words = [f"{self.samples:03d}_samples", f"{self.bounces}_bounces"]
        words += ["tree"] if self.light_tree else []
        words += [] if self.look_for_ring else ["reflections_only"]
        words += ["denoised"] if self.denoise else []
        return "_".join(words)


def render_plates(folder: Path, sampling: Sampling, splits: Splits, width: int, height: int) -> Path:
    """Render stained plates, with the splits' further settings, below ``folder``; return the dataset.

    Finished pictures are kept.
    """
    job = _job(sampling, splits, width, height)
    dataset = folder / job["name"]
    plan = plan_samples(job)
    open_dataset_folder(dataset, job, bpy.app.version_string, len(plan))
    prepared = partial(_prepare, sampling, Execution(find_device("cpu"), None, 1, 60.0, None))
    missing = [sample for sample in plan if read_record(dataset, sample.sample_id) is None]
    with tempfile.TemporaryDirectory() as scratch:
        groups = KeptGroups(Path(scratch))
        for sample in with_progress(missing, len(missing), f"rendering {dataset.name}"):
            with output_to(dataset / LOGS / "blender.log"):
                render_sample(sample, dataset, groups, prepared, lambda: None)
    write_tables(dataset, job, [sample.sample_id for sample in plan], bpy.app.version_string)
    return dataset


def blend_plates(raw: Path, denoised: Path, share: float) -> Path:
    """Write a dataset beside two others, whose pictures hold `share` of the raw one and the rest of the denoised one.

    All other files are the raw dataset's. Return the dataset.
    """
    blended = raw.with_name(f"{raw.name}_blended_{100 * share:.0f}")
    if not blended.exists():
        part = raw.with_name(f".{blended.name}")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(raw, part)
        for path in sorted((part / FOLDERS["image"]).glob("*.png")):
            smooth = cv2.imread(str(denoised / FOLDERS["image"] / path.name), cv2.IMREAD_UNCHANGED)
            rough = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            cv2.imwrite(str(path), cv2.addWeighted(rough, share, smooth, 1 - share, 0))
        part.rename(blended)
    return blended


def _prepare(
    sampling: Sampling, execution: Execution, scene: bpy.types.Scene, annotation: bpy.types.Scene
) -> dict[str, Any]:
    cycles = scene.cycles
    cycles.max_bounces = cycles.glossy_bounces = sampling.bounces
    cycles.diffuse_bounces = max(sampling.bounces - 1, 0)
    cycles.use_light_tree = sampling.light_tree
    if not sampling.look_for_ring:
        for material in bpy.data.materials:
            material.cycles.emission_sampling = "NONE"
    return prepare(execution, scene, annotation)


def _job(sampling: Sampling, splits: Splits, width: int, height: int) -> dict[str, Any]:
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        job = composed_job(compose("render", ["render=synth_ws"]))
    evaluated = any(name != "train" for name, _, _ in splits)
    job["name"] = f"{'evaluated' if evaluated else 'train'}_{sampling.name}"
    job["first_plate"] = FIRST_EVALUATED if evaluated else 0
    job["image"] |= {"width": width, "height": height, "samples": sampling.samples, "denoise": sampling.denoise}
    job["splits"] = [
        {"name": name, "plates": plates, "water_stains": True, **blemishes} for name, plates, blemishes in splits
    ]
    return job
