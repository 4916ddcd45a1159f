"""Measure the cost of a picture beyond Cycles: ratios in one run, and pictures per hour at full size.

Three minutes on small pictures; the full size is extrapolated from few samples:
  uv run scripts/benchmark_render.py --quick
Everything, with the measurements as JSON in a file, or on standard output if no file is named:
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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import psutil

from blender_addon.annotation.plate_pass import labels
from blender_addon.job.definition import job_of
from blender_addon.pictures.files import PictureFiles
from blender_addon.pictures.masked_picture import Masks, write_masks
from blender_addon.pictures.render import render_floats
from render_jobs.blender_output import output_to
from render_jobs.device import find_device
from render_jobs.render_loop import Execution, prepare
from render_jobs.render_sample import render_sample
from render_jobs.renderer_choice import choose_renderer
from render_jobs.sample_files import open_dataset_folder
from render_jobs.sample_plan import PlannedSample, drawn_by, plan_samples
from scripts.benchmarks.first_version import over_first_version
from scripts.benchmarks.scene_clock import DAMAGED, Spent, build, clock, config, kept_groups, nothing
from scripts.benchmarks.visible_share import labelled_plates, rendered_instances, visible_shares
from scripts.render import composed_job
from scripts.rendering.worker import EXIT, RenderWorker

PAPER_IMAGES = 480  # 80 plates, clean and stained, under three lights
RATIO_SAMPLES = 64  # size of the pictures whose cost is compared
FEW = (1, 3)  # samples of a quick run at full size; the cost is linear in the samples
WARM_UP = 10  # pictures before memory is measured
ONE_OF_EACH = {"scratches": [1, 1], "dents": [1, 1]}


@dataclass(frozen=True)
class Plan:
    """Sizes of the measurements.

    They are the pictures of the ratios and their repetitions, the pictures for memory and for shared workers, the
    plates whose labels are judged, whether the full size gets all samples, and the changes to it.
    """

    width: int
    height: int
    samples: int
    repeats: int
    memory_pictures: int
    shared_pictures: int
    labelled_plates: int
    full_size: bool
    changes: tuple[str, ...] = ()


FULL = Plan(612, 512, RATIO_SAMPLES, 3, 200, 8, 12, True)
QUICK = Plan(306, 256, RATIO_SAMPLES, 2, 200, 6, 1, False)


def main() -> int:
    """Measure, print, and write the JSON file if one is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write the measurements to FILE; without FILE print them as JSON",
    )
    parser.add_argument("--quick", action="store_true", help="small pictures, few samples at full size")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measurements = measure(QUICK if options.quick else FULL, Path(folder))
    document = json.dumps(measurements, indent=1)
    if options.json == "-":
        print(document)
        return 0
    for name, value in measurements.items():
        print(f"{name:32s} {value:.4g}" if isinstance(value, float) else f"{name:32s} {value}")
    if options.json:
        Path(options.json).write_text(f"{document}\n", encoding="utf-8")
    return 0


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """Return all measurements; ``folder`` is scratch space."""
    execution = Execution(find_device("cpu"), None, 1, 60.0, None)
    measurements: dict[str, Any] = {
        "blender": bpy.app.version_string,
        "device": str(execution.device),
        "cores": os.cpu_count(),
        "picture": f"{plan.width} x {plan.height}, {plan.samples} samples",
    }
    stages: list[Callable[[], dict[str, Any]]] = [
        partial(_ratios, plan, folder, execution),
        partial(_builds, folder),
        partial(over_first_version, plan.width, plan.height, folder, execution),
        partial(_memory, plan, folder, execution),
        partial(_two_workers, plan, folder),
        partial(_visible_share, plan, folder, execution),
        partial(_full_size, plan, folder, execution),
    ]
    for stage in stages:
        with output_to(folder / "blender.log"):
            found = stage()
        print(f"measured: {', '.join(found)}", file=sys.stderr)
        measurements |= found
    return measurements


def _ratios(plan: Plan, folder: Path, execution: Execution) -> dict[str, float]:
    """Measure bare Cycles and our pictures alternately, so that other load affects both alike.

    A picture's time excludes the building of its scene, which is measured separately.
    """
    planned = _begin(folder / "ratios", _job(plan.width, plan.height, plan.samples, plan.repeats + 1))
    prepared = partial(prepare, execution)
    groups = kept_groups(folder, "ratio_groups")
    bare, ours, masks = [], [], []
    for sample in planned:
        scene, annotation = build(sample, groups)
        prepared(scene, annotation)
        bare.append(clock(partial(bpy.ops.render.render, scene=scene.name)))
        building = clock(partial(build, sample, groups))
        whole = clock(partial(render_sample, sample, folder / "ratios", groups, prepared, nothing))
        ours.append(Spent(whole.wall - building.wall, whole.cpu - building.cpu))
        scene, annotation = build(sample, groups)
        prepared(scene, annotation)
        masks.append(clock(partial(_masks, annotation, folder)))
    bare_wall, bare_cpu = _medians(bare[1:])  # the first one is the warm-up
    ours_wall, ours_cpu = _medians(ours[1:])
    masks_wall, masks_cpu = _medians(masks[1:])
    to_64 = 64 / plan.samples
    return {
        "bare_cycles_seconds": bare_wall,
        "picture_over_bare_cycles": ours_wall / bare_wall,
        "picture_over_bare_cycles_cpu": ours_cpu / bare_cpu,
        "mask_fraction": masks_wall / (bare_wall * to_64),
        "mask_fraction_cpu": masks_cpu / (bare_cpu * to_64),
    }


def _builds(folder: Path) -> dict[str, float]:
    """Measure the seconds between two samples' renders, on plates with one of each defect and on badly damaged ones."""
    measurements: dict[str, float] = {}
    for suffix, blemishes in (("", ONE_OF_EACH), ("_damaged", DAMAGED)):
        groups = kept_groups(folder, f"build_groups{suffix}")
        builds = [clock(partial(build, each, groups)) for each in plan_samples(_job(61, 51, 1, 6, blemishes))]
        wall, cpu = _medians(builds[1:])  # the first one creates the node groups
        measurements |= {f"rebuild_seconds{suffix}": wall, f"rebuild_seconds{suffix}_cpu": cpu}
    return measurements


def _memory(plan: Plan, folder: Path, execution: Execution) -> dict[str, float]:
    """Measure the resident memory over many samples in one process, from the warm-up to the end."""
    planned = _begin(folder / "memory", _job(61, 51, 1, plan.memory_pictures))
    groups = kept_groups(folder, "memory_groups")
    used = []
    for sample in planned:
        render_sample(sample, folder / "memory", groups, partial(prepare, execution), nothing)
        used.append(psutil.Process().memory_info().rss / 1e6)
    growth = statistics.median(used[-WARM_UP:]) - statistics.median(used[WARM_UP : 2 * WARM_UP])
    return {"memory_growth_mb": growth, "memory_pictures": plan.memory_pictures}


def _visible_share(plan: Plan, folder: Path, execution: Execution) -> dict[str, Any]:
    """Measure the share of labels that lie above the noise, on plates of 612 x 512 pixels as they are trained on."""
    job = labelled_plates(composed_job(config("render=quickstart_inspected")), plan.labelled_plates)
    rows = rendered_instances(job, folder / "visible_share", partial(prepare, execution))
    return {"visible_share": visible_shares(rows)}


def _masks(annotation: bpy.types.Scene, folder: Path) -> None:
    """Render and write a sample's masks, as render_sample does."""
    masks = Masks(*labels(render_floats(annotation, folder / "annotation.exr")))
    write_masks(masks, PictureFiles(folder / "image.png", folder / "mask.png", folder / "instances.png"))


def _two_workers(plan: Plan, folder: Path) -> dict[str, float]:
    """Return pictures per second of two workers with one thread each, relative to one worker with two threads."""
    job_file = folder / "job.json"
    job_file.write_text(json.dumps(_job(plan.width, plan.height, max(plan.samples // 8, 1), plan.shared_pictures)))
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


def _full_size(plan: Plan, folder: Path, execution: Execution) -> dict[str, float]:
    """Measure one picture of the paper's size in each version, or extrapolate from two with few samples."""
    job = composed_job(config("render=synth_ws", *plan.changes))
    samples = job["image"]["samples"]
    tried = [samples] if plan.full_size else FEW
    spent: list[Spent] = []
    for number in tried:
        job["image"]["samples"], job["splits"][0]["plates"] = number, 1
        (sample,) = _begin(folder / f"full{number}", job)
        groups = kept_groups(folder, f"full_groups{number}")
        work = partial(render_sample, sample, folder / f"full{number}", groups, partial(prepare, execution), nothing)
        spent.append(clock(work))
    total = _at(samples, tried, [each.wall for each in spent])
    return {
        "full_size_samples": samples,
        "full_size_samples_rendered": max(tried),
        "full_size_seconds": total,
        "full_size_seconds_cpu": _at(samples, tried, [each.cpu for each in spent]),
        "images_per_hour": 3600 / total,
        "paper_images_hours": PAPER_IMAGES * total / 3600,
    }


def _at(samples: int, tried: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the seconds at a number of samples, from a straight line through the measured ones, or the only one."""
    if len(tried) == 1:
        return seconds[0]
    each = (seconds[-1] - seconds[0]) / (tried[-1] - tried[0])
    return seconds[-1] + each * (samples - tried[-1])


def _medians(spent: list[Spent]) -> tuple[float, float]:
    return statistics.median(each.wall for each in spent), statistics.median(each.cpu for each in spent)


def _begin(dataset: Path, job: dict[str, Any]) -> list[PlannedSample]:
    plan = plan_samples(job)
    renderer = choose_renderer(job_of(job), find_device("cpu"))
    open_dataset_folder(dataset, job, bpy.app.version_string, len(plan), renderer)
    return drawn_by(renderer, plan)


def _job(
    width: int, height: int, samples: int, plates: int, blemishes: dict[str, list[int]] = ONE_OF_EACH
) -> dict[str, Any]:
    """Return a job of stained plates with a scratch and a dent, or with other objects."""
    job = composed_job(config("render=synth_ws"))
    job["image"] |= {"width": width, "height": height, "samples": samples}
    job["splits"] = [{**job["splits"][0], "plates": plates, **blemishes}]
    return job
