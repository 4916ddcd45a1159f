"""Compose a render job from conf/render.yaml, validate it and render it into a dataset, here or on a cluster."""

import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from blender_addon.job.job_error import JobError
from blender_addon.pictures.whole_file import json_bytes, write_whole
from render_jobs.job import validate_job
from render_jobs.job_status import read_status
from scripts.rendering.process import RenderError, run_render_job
from training.support.entry_point import run
from training.support.user_error import UserError


def composed_job(cfg: DictConfig) -> dict[str, Any]:
    """Return the job that a composed conf/render.yaml describes. Raises UserError if it is not a valid job."""
    job = OmegaConf.to_container(cfg.job, resolve=True, throw_on_missing=True)
    try:
        validate_job(job, "job")
    except JobError as error:
        raise UserError(str(error)) from error
    assert isinstance(job, dict)  # guaranteed by the schema
    return {str(key): value for key, value in job.items()}


def run_composed(cfg: DictConfig, job: dict[str, Any], out: Path) -> None:
    """Render a composed job into a dataset folder, where the config's launcher says: here or on a cluster.

    Raises UserError for bad input, RenderError if Blender fails; finished samples are kept.
    """
    if cfg.dask is None:
        run_render_job(job, out, cfg.execution, str(cfg.shard))
        return
    from scripts.rendering.cluster import render_on_cluster

    render_on_cluster(job, out, cfg.execution, cfg.dask)


def render(cfg: DictConfig) -> None:
    """Render the composed job, or print its progress; the dataset folder's path is printed last."""
    out = Path(cfg.out)
    try:
        if cfg.status:
            print(read_status(out, cfg.execution.lease_seconds))
            return
        if cfg.job_file is not None:
            write_whole(Path(cfg.job_file), json_bytes(composed_job(cfg)))
            print(f"job: {cfg.job_file}")
            return
        run_composed(cfg, composed_job(cfg), out)
    except JobError as error:
        raise UserError(str(error)) from error
    except RenderError as error:
        print(f"error: {error} (finished pictures are kept; run the same command again)", file=sys.stderr)
        sys.exit(1)
    print(f"dataset: {out}")


if __name__ == "__main__":
    run("render", render)
