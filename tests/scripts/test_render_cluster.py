"""Shards on real Dask workers: the same bytes as one Blender's, also if a worker is killed in the middle."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from distributed import LocalCluster
from hydra import compose, initialize_config_dir

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.render_cluster import render_on_cluster
from tests.render_jobs.worker_process import content, render, tiny_job, write_job
from training.entry_point import CONF_FOLDER
from training.user_error import UserError

pytestmark = pytest.mark.blender

ROOT = Path(__file__).resolve().parents[2]
PLATES = 8


def config(*overrides: str):
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        return compose("render", [*overrides])


def test_a_dask_worker_killed_in_the_middle_is_survived(tmp_path):
    job = write_job(tmp_path, PLATES)
    assert render(job, tmp_path / "undisturbed").returncode == 0
    out, rescued = tmp_path / "out", []
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, memory_limit=None, dashboard_address=None
    ) as cluster:
        pids = {worker.process.pid for worker in cluster.workers.values()}
        cfg = config(
            "launcher=dask", f"dask.scheduler={cluster.scheduler_address}", "dask.workers=2", "dask.shards_per_worker=2"
        )

        def kill_one() -> None:
            while len(list(out.glob(".records/[0-9]*.json"))) < 2:
                time.sleep(0.05)
            victim = pids.pop()
            rescued.append(len(list(out.glob(".records/[0-9]*.json"))))
            os.kill(victim, signal.SIGKILL)

        killer = threading.Thread(target=kill_one, daemon=True)
        killer.start()
        render_on_cluster(tiny_job(PLATES), out, cfg.execution, cfg.dask)
        killer.join(timeout=10)
    assert rescued
    assert rescued[0] < PLATES
    assert content(out) == content(tmp_path / "undisturbed")


@pytest.mark.slow
def test_the_command_renders_on_a_cluster_of_its_own(tmp_path):
    small = ["job.image.width=61", "job.image.height=51", "job.image.samples=1", "render=synth"]
    command = [sys.executable, str(ROOT / "scripts" / "render.py"), "launcher=dask_local", "out=out", *small]
    command += ["job.splits=[{name: train, plates: 3, water_stains: false, scratches: [0, 0], dents: [0, 0]}]"]
    done = subprocess.run(
        [*command, "dask.shards_per_worker=1"], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "dataset: out"
    assert len(list((tmp_path / "out" / "images").glob("[0-9]*.png"))) == 3
    asked = subprocess.run(
        [*command[:2], "out=out", "status=true"], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60
    )
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.splitlines()[0] == "out: 3 of 3 done, 0 failed, 0 left, complete"


def test_a_scheduler_that_does_not_answer_is_the_users_mistake(tmp_path):
    cfg = config("launcher=dask", "dask.scheduler=tcp://127.0.0.1:9", "dask.wait_minutes=0.02")
    with pytest.raises(UserError, match=r"dask\.scheduler=tcp://127\.0\.0\.1:9: no Dask scheduler answers there"):
        render_on_cluster(tiny_job(1), tmp_path / "out", cfg.execution, cfg.dask)


def test_slurm_without_its_extra_says_what_to_install(tmp_path):
    try:
        import dask_jobqueue  # noqa: F401
    except ImportError:
        cfg = config("launcher=slurm")
        with pytest.raises(UserError, match="uv sync --extra slurm"):
            render_on_cluster(tiny_job(1), tmp_path / "out", cfg.execution, cfg.dask)
    else:
        pytest.skip("dask-jobqueue is installed")
