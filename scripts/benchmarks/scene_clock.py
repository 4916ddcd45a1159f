"""Parts that benchmarks of rendering share: clocks, configurations, and scenes built as a job builds them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from hydra import compose, initialize_config_dir

from blender_addon.inspection.scene import apply
from render_jobs.kept_groups import KeptGroups
from render_jobs.sample_plan import PlannedSample
from training.support.entry_point import CONF_FOLDER

# As many as the most damaged plate of standin_real has.
DAMAGED = {"scratches": [5, 5], "dents": [5, 5], "bumps": [3, 3], "fingerprints": [3, 3], "stickers": [2, 2]}


@dataclass(frozen=True)
class Spent:
    """Seconds of wall-clock time and of all processors together; the latter depend less on other load."""

    wall: float
    cpu: float


def clock(work: Callable[[], object]) -> Spent:
    """Run `work`; return the seconds that it takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def build(sample: PlannedSample, groups: KeptGroups) -> tuple[bpy.types.Scene, bpy.types.Scene]:
    """Build a scene like render_sample before it renders."""
    groups.empty_scene()
    built = apply(sample.scene)
    groups.keep()
    return built


def kept_groups(folder: Path, name: str) -> KeptGroups:
    """Return the kept groups of a new folder."""
    (folder / name).mkdir()
    return KeptGroups(folder / name)


def config(*overrides: str) -> Any:
    """Compose conf/render.yaml with overrides."""
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        return compose("render", [*overrides])


def nothing() -> None:
    """Do nothing: a check that never fails."""
    return
