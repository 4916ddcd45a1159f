"""What a picture costs beyond Cycles: ratios in one run, and pictures an hour at full size.

Two minutes, small pictures:
  uv run scripts/benchmark_render.py --quick
All, with one picture at full size:
  uv run scripts/benchmark_render.py --json render_cost.json
"""

import argparse
import json
import os
import queue
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import psutil
from hydra import compose, initialize_config_dir

from blender_addon.annotation import labels
from blender_addon.inspection_scene import apply
from blender_addon.png import write_grey_png
from render_jobs.blender_output import output_to
from render_jobs.device import find_device
from render_jobs.render_loop import Execution, prepare
from render_jobs.render_sample import render_sample
from render_jobs.sample_files import open_dataset_folder
from render_jobs.sample_plan import PlannedSample, plan_samples
from scripts.render import composed_job
from scripts.render_worker import EXIT, RenderWorker
from training.entry_point import CONF_FOLDER

PAPER_IMAGES = 480  # 80 plates, clean and stained, under three lights
WARM_UP = 10  # pictures before memory is looked at


@dataclass(frozen=True)
class Plan:
    """Sizes of the measurements: the pictures of the ratios, their samples and repetitions, pictures for memory."""

    width: int
    height: int
    samples: int
    repeats: int
    memory_pictures: int
    shared_pictures: int
    full_size: bool


FULL = Plan(612, 512, 32, 2, 200, 8, True)
QUICK = Plan(306, 256, 16, 2, 40, 6, False)


def main() -> int:
    """Measure, print, and write the JSON file if one is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--quick", action="store_true", help="small pictures, few of them, none at full size")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(QUICK if options.quick else FULL, Path(folder))
    for name, value in figures.items():
        print(f"{name:32s} {value:.4g}" if isinstance(value, float) else f"{name:32s} {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """Return all figures; `folder` is scratch space."""
    execution = Execution(find_device("cpu"), None, 1, 60.0, None)
    figures: dict[str, Any] = {
        "blender": bpy.app.version_string,
        "device": str(execution.device),
        "cores": os.cpu_count(),
        "picture": f"{plan.width} x {plan.height}, {plan.samples} samples",
    }
    stages: list[Callable[[], dict[str, Any]]] = [
        partial(_ratios, plan, folder, execution),
        partial(_memory, plan, folder, execution),
        partial(_two_workers, plan, folder),
    ]
    for stage in [*stages, partial(_full_size, folder, execution)] if plan.full_size else stages:
        with output_to(folder / "blender.log"):
            found = stage()
        print(f"measured: {', '.join(found)}", file=sys.stderr)
        figures |= found
    return figures


def _ratios(plan: Plan, folder: Path, execution: Execution) -> dict[str, float]:
    """Bare Cycles and our pictures by turns, so that both meet the same neighbours on the machine."""
    job = _job(plan.width, plan.height, plan.samples, plates=plan.repeats)
    planned = _begin(folder / "ratios", job)
    prepared = partial(prepare, execution)
    bare, ours, masks, builds = [], [], [], []
    for sample in planned:
        builds.append(_clock(partial(_build, sample)))
        scene, annotation = _build(sample)
        prepared(scene, annotation)
        bare.append(_clock(partial(bpy.ops.render.render, scene=scene.name)))
        ours.append(_clock(partial(render_sample, sample, folder / "ratios", prepared, _nothing)))
        _, annotation = _build(sample)
        masks.append(_clock(partial(_masks, annotation, folder)))
    bare_wall, bare_cpu = _medians(bare)
    ours_wall, ours_cpu = _medians(ours)
    build = statistics.median(spent.wall for spent in builds)
    masks_wall, masks_cpu = _medians(masks)
    build_cpu = statistics.median(spent.cpu for spent in builds)
    to_64 = 64 / plan.samples
    return {
        "bare_cycles_seconds": bare_wall,
        "picture_over_bare_cycles": (ours_wall - build) / bare_wall,
        "picture_over_bare_cycles_cpu": (ours_cpu - build_cpu) / bare_cpu,
        "mask_fraction": masks_wall / (bare_wall * to_64),
        "mask_fraction_cpu": masks_cpu / (bare_cpu * to_64),
        "rebuild_seconds": build,
        "rebuild_seconds_cpu": build_cpu,
    }


def _memory(plan: Plan, folder: Path, execution: Execution) -> dict[str, float]:
    """Resident memory over many samples in one process, from after the warm-up to the end."""
    planned = _begin(folder / "memory", _job(61, 51, 1, plan.memory_pictures))
    used = []
    for sample in planned:
        render_sample(sample, folder / "memory", partial(prepare, execution), _nothing)
        used.append(psutil.Process().memory_info().rss / 1e6)
    growth = statistics.median(used[-WARM_UP:]) - statistics.median(used[WARM_UP : 2 * WARM_UP])
    return {"memory_growth_mb": growth, "memory_pictures": plan.memory_pictures}


def _masks(annotation: bpy.types.Scene, folder: Path) -> None:
    """What render_sample does for a sample's masks."""
    annotation.render.use_file_extension = False
    annotation.render.filepath = str(folder / "annotation.exr")
    bpy.ops.render.render(write_still=True, scene=annotation.name)
    image = bpy.data.images.load(annotation.render.filepath)
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    mask, instances, _ = labels(pixels.reshape(height, width, 4)[::-1])
    write_grey_png(folder / "mask.png", mask)
    write_grey_png(folder / "instances.png", instances)


def _two_workers(plan: Plan, folder: Path) -> dict[str, float]:
    """Pictures per second of two workers with one thread each over those of one worker with two threads."""
    job_file = folder / "job.json"
    job_file.write_text(json.dumps(_job(plan.width, plan.height, max(plan.samples // 4, 1), plan.shared_pictures)))
    rates = {}
    for workers, threads in ((1, 2), (2, 1)):
        options = ["--job", str(job_file), "--out", str(folder / f"workers{workers}"), "--device", "cpu", "--events"]
        inbox: queue.Queue[tuple[RenderWorker, dict[str, Any]]] = queue.Queue()
        running = [RenderWorker(None, [*options, "--threads", str(threads)], inbox) for _ in range(workers)]
        times: dict[RenderWorker, list[float]] = {worker: [] for worker in running}
        while running:
            worker, event = inbox.get()
            if event["event"] == EXIT:
                running.remove(worker)
            elif event["event"] == "sample" or (event["event"] == "start" and not times[worker]):
                times[worker].append(time.perf_counter())
        rates[workers] = sum((len(each) - 1) / (each[-1] - each[0]) for each in times.values())
    return {"two_workers_over_one": rates[2] / rates[1]}


def _full_size(folder: Path, execution: Execution) -> dict[str, float]:
    """One picture as the paper's versions have them."""
    job = composed_job(_config("render=synth_ws"))
    job["splits"][0]["plates"] = 1
    (sample,) = _begin(folder / "full", job)
    spent = _clock(partial(render_sample, sample, folder / "full", partial(prepare, execution), _nothing))
    return {
        "full_size_samples": job["image"]["samples"],
        "full_size_seconds": spent.wall,
        "images_per_hour": 3600 / spent.wall,
        "paper_images_hours": PAPER_IMAGES * spent.wall / 3600,
    }


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and of all processors together, which neighbours on the machine disturb less."""

    wall: float
    cpu: float


def _clock(work: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def _medians(spent: list[Spent]) -> tuple[float, float]:
    return statistics.median(each.wall for each in spent), statistics.median(each.cpu for each in spent)


def _build(sample: PlannedSample) -> tuple[bpy.types.Scene, bpy.types.Scene]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return apply(sample.scene)


def _begin(dataset: Path, job: dict[str, Any]) -> list[PlannedSample]:
    plan = plan_samples(job)
    open_dataset_folder(dataset, job, bpy.app.version_string, len(plan))
    return plan


def _job(width: int, height: int, samples: int, plates: int) -> dict[str, Any]:
    """Stained plates with a scratch and a dent, as they cost most."""
    job = composed_job(_config("render=synth_ws"))
    job["image"] |= {"width": width, "height": height, "samples": samples}
    job["splits"] = [{**job["splits"][0], "plates": plates, "scratches": [1, 1], "dents": [1, 1]}]
    return job


def _config(*overrides: str) -> Any:
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        return compose("render", [*overrides])


def _nothing() -> None:
    return None


if __name__ == "__main__":
    sys.exit(main())
