"""The cost of a stand-in picture relative to the first version's setting: shader nodes and 16 samples."""

import sys
from functools import partial
from pathlib import Path

import bpy

from blender_addon.nodes.osl_script import OslUnavailableError, require_osl_on
from blender_addon.plate.groups import NODES, OSL
from render_jobs.render_loop import Execution, prepare
from render_jobs.render_sample import render_sample
from render_jobs.sample_files import open_dataset_folder
from render_jobs.sample_plan import drawn_by, plan_samples
from scripts.benchmarks.scene_clock import DAMAGED, build, clock, config, kept_groups, nothing
from scripts.render import composed_job

FIRST_SAMPLES = 16


def over_first_version(width: int, height: int, folder: Path, execution: Execution) -> dict[str, float]:
    """Compare the processor time of a stand-in picture with masks in OSL with that of the first version's shader nodes.

    Both have the first version's number of samples, and so its error: the renderers differ in the last bits only. The
    figure is left out if this Blender has no OSL.
    """
    try:
        require_osl_on("CPU")
    except OslUnavailableError as error:
        print(f"picture_over_first_version is left out: {error}", file=sys.stderr)
        return {}
    job = composed_job(config("render=standin_real"))
    job["image"] |= {"width": width, "height": height, "samples": FIRST_SAMPLES}
    job["splits"] = [{**job["splits"][0], "plates": 1, "sides": 1, "water_stains": True, **DAMAGED}]
    middle = plan_samples(job)[job["grid"]["columns"] + 1]
    spent = {}
    for renderer in (NODES, OSL):
        dataset, groups = folder / f"standin_{renderer}", kept_groups(folder, f"standin_groups_{renderer}")
        open_dataset_folder(dataset, job, bpy.app.version_string, 1, renderer)
        (sample,) = drawn_by(renderer, [middle])
        prepared = partial(prepare, execution)
        build(sample, groups)  # the first one creates the node groups
        spent[renderer] = clock(partial(render_sample, sample, dataset, groups, prepared, nothing)).cpu
    return {
        "picture_over_first_version": spent[OSL] / spent[NODES],
        "standin_seconds_cpu": spent[OSL],
        "standin_nodes_seconds_cpu": spent[NODES],
    }
