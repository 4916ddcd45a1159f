"""Measure the cost of water stains: render time with and without them in one scene, and the reference's speed.

    python scripts/benchmark_stain.py [--json FILE] [--quick]

Every case is rendered in turn, and the turns are repeated. The fastest render of each case counts, in processor seconds
of all threads: with a fixed number of busy threads this is the wall-clock time of an undisturbed machine times that
number, and other load hardly affects it. `clock_ratios` holds the wall-clock times. All cases run in one process with
the same samples and threads.

All cases are compared with the clean plate in Cycles' own shading system (no OSL). OSL is a switch of the whole scene,
so `..._over_clean_in_osl` compares with the clean plate in OSL, which isolates the cost of the stains.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from rich.progress import Progress

from blender_addon.inspection.camera import CameraParams
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.inspection.scene import InspectionScene, PictureParams, apply
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.nodes.osl_script import OslUnavailableError
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from scripts.rendering.discarded_output import discarded_output

VARIED = {
    "radius_variation": 0.2,
    "radius": 0.005,
    "presence": 0.8,
    "decay_variation": 0.3,
    "intensity_variation": 0.3,
    "rim_intensity": -0.1,
    "ring_intensity": 0.05,
    "speckle_intensity": 0.05,
}
# Name: (renderer, parameters that differ from the defaults).
CASES: dict[str, tuple[str, dict[str, float] | None]] = {
    "clean": ("nodes", None),
    "nodes": ("nodes", {}),
    "osl": ("osl", {}),
    "nodes_varied": ("nodes", VARIED),
    "osl_varied": ("osl", VARIED),
    "nodes_8_cells": ("nodes", {"depth_jitter": 1.0}),
    "nodes_27_cells": ("nodes", {"depth_jitter": 1.0, "radius": 0.009}),
    "osl_27_cells": ("osl", {"depth_jitter": 1.0, "radius": 0.009}),
    "clean_in_osl": ("osl", None),
}
BARS = {"nodes_over_clean": 1.3, "osl_over_clean": 1.4}
REFERENCE_BAR = 5.0  # million points per second on two cores


def scene_of(case: str, width: int, height: int, samples: int, threads: int) -> bpy.types.Scene:
    """Build one case in an empty file. Raises OslUnavailableError if OSL is not available."""
    renderer, parameters = CASES[case]
    stain = None if parameters is None else WaterStainParams(**parameters)  # type: ignore[arg-type]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    picture = PictureParams(width=width, height=height, samples=samples, denoise=False)
    surface = InspectedSurface(BrushedMetalParams(), stain)
    hardware = (PlateParams(), CameraParams(), RingLightParams())
    scene, _ = apply(InspectionScene(picture, *hardware, surface, stain_renderer=renderer))
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    return scene


def render_seconds(scene: bpy.types.Scene) -> tuple[float, float]:
    """Render once; return the wall-clock seconds and the seconds of all threads."""
    clock, cpu = time.perf_counter(), time.process_time()
    bpy.ops.render.render(scene=scene.name)
    return time.perf_counter() - clock, time.process_time() - cpu


def reference_mpoints_per_s(threads: int, repetitions: int) -> float:
    """Return the speed of the NumPy reference in million points per second: float32, default stains."""
    x, y = np.meshgrid(np.linspace(-0.06, 0.06, 1224), np.linspace(-0.05, 0.05, 1025))
    points = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3).astype(np.float32)
    rates = []
    for _ in range(repetitions):
        start = time.perf_counter()
        evaluate_water_stain(points, WaterStainParams(), threads=threads)
        rates.append(len(points) / (time.perf_counter() - start) / 1e6)
    return max(rates)


def benchmark(width: int, height: int, samples: int, repetitions: int, threads: int) -> dict[str, Any]:
    """Measure all cases; return ratios to the clean plate and the measurement's settings."""
    clock: dict[str, list[float]] = {case: [] for case in CASES}
    cpu: dict[str, list[float]] = {case: [] for case in CASES}
    missing: dict[str, str] = {}
    with Progress() as progress:
        task = progress.add_task("renders", total=len(CASES) * repetitions)
        for _ in range(repetitions):
            for case in CASES:
                progress.advance(task)
                try:
                    scene = scene_of(case, width, height, samples, threads)
                except OslUnavailableError as error:
                    missing[case] = str(error)
                    continue
                with discarded_output():
                    seconds = render_seconds(scene)
                clock[case].append(seconds[0])
                cpu[case].append(seconds[1])
    measured = [case for case in CASES if case != "clean" and case not in missing]
    in_osl = [case for case in measured if CASES[case][0] == "osl" and CASES[case][1] is not None]

    def over(clean: str, case: str, seconds: dict[str, list[float]], typical: Callable[[list[float]], float]) -> float:
        return round(typical(seconds[case]) / typical(seconds[clean]), 3)

    return {
        **{f"{case}_over_clean": over("clean", case, cpu, min) for case in measured},
        **{f"{case}_over_clean_in_osl": over("clean_in_osl", case, cpu, min) for case in in_osl},
        "reference_mpoints_per_s": round(reference_mpoints_per_s(threads, max(repetitions, 5)), 2),
        "median_ratios": {case: over("clean", case, cpu, statistics.median) for case in measured},
        "clock_ratios": {case: over("clean", case, clock, min) for case in measured},
        "processor_seconds": {case: [round(s, 2) for s in cpu[case]] for case in CASES},
        "missing": missing,
        "blender": bpy.app.version_string,
        "picture": {"width": width, "height": height, "samples": samples, "threads": threads},
    }


def main() -> None:
    """Parse, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--quick", action="store_true", help="small pictures, few samples: a check, not a measurement")
    parser.add_argument("--threads", type=int, default=2, help="threads for rendering and the reference (default: 2)")
    arguments = parser.parse_args()
    if arguments.json and not arguments.json.parent.is_dir():
        parser.error(f"there is no folder {arguments.json.parent} to write {arguments.json.name} into")
    size = (204, 170, 16, 2) if arguments.quick else (204, 171, 64, 3)
    measurements = benchmark(*size, threads=arguments.threads)
    for name, figure in measurements.items():
        bar = f"  (bar {BARS[name]})" if name in BARS else ""
        print(f"{name}: {figure}{bar}")
    if arguments.json:
        arguments.json.write_text(json.dumps(measurements, indent=1) + "\n", encoding="utf-8")
