"""Render a job on a Dask cluster: each task is one shard, rendered by a supervised Blender process.

Tasks and samples survive a worker's death. Dask gives its task to another worker, and the leases in the dataset folder
prevent that samples are rendered twice, whether finished or still in the dead worker's Blender.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distributed import Client, Future, LocalCluster, wait
from distributed.scheduler import KilledWorker
from omegaconf import DictConfig, OmegaConf

from blender_addon.job.job_error import JobError
from render_jobs.job_status import read_status
from scripts.rendering.process import run_render_job
from scripts.rendering.progress import RenderProgress
from scripts.rendering.supervisor import RenderError
from training.support.user_error import UserError

LOOK = 2.0  # seconds between two checks of the dataset folder
FETCH = 60.0  # seconds within which a finished task's result must arrive


def render_on_cluster(job: Mapping[str, Any], out: Path, execution: DictConfig, dask: DictConfig) -> None:
    """Render ``job`` into ``out``, a folder that all workers see, with ``execution`` and the launcher's ``dask``.

    Raises UserError for bad input or an unreachable cluster, RenderError if shards fail; finished samples are kept.
    """
    out = out.resolve()
    settings = OmegaConf.to_container(execution, resolve=True)
    with _cluster(dask) as client:
        _wait_for_workers(client, dask)
        count = min(dask.shards_per_worker * dask.workers, sum(split["plates"] for split in job["splits"]) or 1)
        shards = {
            client.submit(render_shard, dict(job), str(out), settings, f"{number}/{count}", pure=False): number
            for number in range(1, count + 1)
        }
        causes = _follow(shards, job["name"], out, execution.lease_seconds, 3600 * dask.shard_hours)
    if causes:
        raise RenderError(f"{out}: not complete: {'; '.join(dict.fromkeys(causes))}")


def render_shard(job: dict[str, Any], out: str, execution: dict[str, Any], shard: str) -> tuple[bool, str | None]:
    """Render one shard on the worker that Dask has chosen; the task of the cluster.

    Returns whether a failure is the user's mistake, and its message or None.
    """
    try:
        run_render_job(job, Path(out), OmegaConf.create(execution), shard, quiet=True)
    except (UserError, RenderError) as error:
        return isinstance(error, UserError), str(error)
    return False, None


@contextmanager
def _cluster(dask: DictConfig) -> Iterator[Client]:
    """Yield a client of the cluster that the launcher names; close a cluster of our own at the end."""
    if dask.cluster == "existing":
        try:
            client = Client(dask.scheduler, timeout=f"{60 * dask.wait_minutes}s")
        except (OSError, ValueError) as error:
            raise UserError(f"dask.scheduler={dask.scheduler}: no Dask scheduler answers there: {error}") from error
        with client:
            yield client
        return
    with _own_cluster(dask) as cluster, Client(cluster) as client:
        yield client


def _own_cluster(dask: DictConfig) -> Any:
    if dask.cluster == "local":
        return LocalCluster(
            n_workers=dask.workers, threads_per_worker=1, processes=True, memory_limit=None, dashboard_address=None
        )
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise UserError("launcher=slurm needs dask-jobqueue: uv sync --extra slurm") from error
    cluster = SLURMCluster(
        queue=dask.queue,
        account=dask.account,
        cores=dask.cores,
        processes=1,
        memory=dask.memory,
        walltime=dask.walltime,
        job_extra_directives=list(dask.directives),
        worker_extra_args=["--nthreads", "1"],  # one Blender process, which uses all cores of the job
    )
    cluster.scale(jobs=dask.workers)
    return cluster


def _wait_for_workers(client: Client, dask: DictConfig) -> None:
    try:
        client.wait_for_workers(dask.workers, timeout=60 * dask.wait_minutes)
    except TimeoutError as error:
        there = len(client.scheduler_info()["workers"])
        raise RenderError(
            f"only {there} of dask.workers={dask.workers} started within dask.wait_minutes={dask.wait_minutes:g}"
        ) from error


def _follow(shards: dict[Future, int], name: str, out: Path, lease_seconds: float, patience: float) -> list[str]:
    """Show progress until all shards have ended; return the causes of failure."""
    causes, pending, last_end = [], set(shards), time.monotonic()
    with RenderProgress(f"Rendering {name}") as progress:
        while pending:
            try:
                ended, pending = wait(pending, timeout=LOOK, return_when="FIRST_COMPLETED")
                last_end = time.monotonic()
            except TimeoutError:
                ended = set()
            if time.monotonic() - last_end > patience:
                raise RenderError(f"no shard was finished for {patience / 3600:g} hours (dask.shard_hours)")
            _show_folder(progress, out, lease_seconds)
            for future in ended:
                try:
                    users, cause = future.result(timeout=FETCH)
                except KilledWorker:
                    users, cause = False, f"shard {shards[future]}: its workers died one after another"
                if users:
                    raise UserError(str(cause))
                causes += [cause] if cause is not None else []
    return causes


def _show_folder(progress: RenderProgress, out: Path, lease_seconds: float) -> None:
    try:
        status = read_status(out, lease_seconds)
    except JobError:
        return  # no worker has created the folder yet
    progress.count(status.done, status.total, str(status.last_picture) if status.last_picture else None)
