"""Shards on real Dask workers give the bytes of a single Blender, even if a worker is killed.

Dask runs in separate processes: Blender's module, which other tests load here, does not exit beside Dask's threads.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.render_jobs.worker_process import THINGS, content

pytestmark = [
    pytest.mark.blender,
    pytest.mark.skipif(
        importlib.util.find_spec("bpy") is None, reason="bpy is not installed (uv sync --group blender)"
    ),
]

ROOT = Path(__file__).resolve().parents[3]
PLATES = 8


def command(*overrides: str, plates: int = PLATES) -> list[str]:
    """Return the command for a tiny job."""
    things = ", ".join(f"{name}: {json.dumps(value)}" for name, value in THINGS.items())
    tiny = ["render=synth", "job.image.width=61", "job.image.height=51", "job.image.samples=1"]
    splits = f"job.splits=[{{name: train, plates: {plates}, {things}}}]"
    return [sys.executable, str(ROOT / "scripts" / "render.py"), *tiny, splits, *overrides]


def run(folder: Path, arguments: list[str], **more) -> subprocess.CompletedProcess:
    return subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=folder, timeout=600, **more)


@contextmanager
def dask_cluster(folder: Path, workers: int):
    """Start a scheduler and workers on the command line; yield the address and the workers' processes."""
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(file)]
    started = [subprocess.Popen([*dask, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], cwd=ROOT)]
    try:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file)]
        alone = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
        started += [subprocess.Popen([*worker, *alone], cwd=ROOT) for _ in range(workers)]
        yield json.loads(file.read_text())["address"], started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def test_a_dask_worker_killed_in_the_middle_is_survived(tmp_path):
    assert run(tmp_path, command("out=undisturbed")).returncode == 0
    with dask_cluster(tmp_path, 2) as (address, workers):
        cluster = ["launcher=dask", f"dask.scheduler={address}", "dask.workers=2", "dask.shards_per_worker=2"]
        client = subprocess.Popen(command("out=out", *cluster), cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        records = tmp_path / "out" / ".records"
        while len(list(records.glob("[0-9]*.json"))) < 2 and client.poll() is None:
            time.sleep(0.05)
        done = len(list(records.glob("[0-9]*.json")))
        workers[0].send_signal(signal.SIGKILL)
        printed, _ = client.communicate(timeout=600)
    assert 2 <= done < PLATES
    assert client.returncode == 0
    assert printed.splitlines()[-1] == "dataset: out"
    assert content(tmp_path / "out") == content(tmp_path / "undisturbed")


@pytest.mark.slow
def test_the_command_renders_on_a_cluster_of_its_own(tmp_path):
    done = run(tmp_path, command("launcher=dask_local", "out=out", "dask.shards_per_worker=1", plates=3))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "dataset: out"
    assert len(list((tmp_path / "out" / "images").glob("[0-9]*.png"))) == 3
    asked = run(tmp_path, command("out=out", "status=true"))
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.splitlines()[0] == "out: 3 of 3 done, 0 failed, 0 left, complete"


def test_a_scheduler_that_does_not_answer_is_the_users_mistake(tmp_path):
    nobody = ["launcher=dask", "dask.scheduler=tcp://127.0.0.1:9", "dask.wait_minutes=0.02"]
    done = run(tmp_path, command("out=out", *nobody))
    assert done.returncode == 2
    assert "error: dask.scheduler=tcp://127.0.0.1:9: no Dask scheduler answers there" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(importlib.util.find_spec("dask_jobqueue") is not None, reason="dask-jobqueue is installed")
def test_slurm_without_its_extra_says_what_to_install(tmp_path):
    done = run(tmp_path, command("out=out", "launcher=slurm"))
    assert done.returncode == 2
    assert done.stderr.strip() == "error: launcher=slurm needs dask-jobqueue: uv sync --extra slurm"


# Substitutes for SLURM's commands: a job is a process group of this machine, with the group's number.
SBATCH = """#!/bin/bash
cp "${!#}" "$JOBS/$$.sh"
setsid bash "$JOBS/$$.sh" > "$JOBS/$$.log" 2>&1 < /dev/null &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/bash
for job in "$@"; do kill -- -"$job"; done
"""


def test_slurm_jobs_are_asked_for_as_configured_and_render(tmp_path):
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed (uv sync --extra slurm)")
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (jobs / name).write_text(text)
        (jobs / name).chmod(0o755)
    cluster = ["launcher=slurm", "dask.workers=1", "dask.wait_minutes=5", "dask.queue=gpu", "dask.account=line7"]
    cluster += ["dask.cores=2", "dask.memory=3GB", "dask.walltime='01:30:00'", "dask.directives=['--gres=gpu:1']"]
    environment = {**os.environ, "PATH": f"{jobs}{os.pathsep}{os.environ['PATH']}", "JOBS": str(jobs)}
    done = run(tmp_path, command("out=out", *cluster, plates=2), env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "dataset: out"
    assert len(list((tmp_path / "out" / "images").glob("[0-9]*.png"))) == 2
    (script,) = (path.read_text() for path in jobs.glob("*.sh"))
    asked = {line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH")}
    assert {"-p gpu", "-A line7", "--cpus-per-task=2", "--mem=3G", "-t 01:30:00", "--gres=gpu:1"} <= asked
    assert script.rstrip().endswith("--nthreads 1")  # one Blender at a time, on all of the job's cores
