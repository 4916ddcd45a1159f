"""Nights that go wrong: kills, full disks, read-only folders. The dataset has the undisturbed one's bytes."""

import itertools
import os
import resource
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from tests.render_jobs.worker_process import command, content, render, start

pytestmark = pytest.mark.blender

# What a worker has just begun or finished when it is killed: its lease, each of its files, half-written or whole.
MOMENTS = (
    ".records/leases/*",
    "images/.part-*",
    "images/[0-9]*.png",
    "masks/.part-*.exr",
    "masks/.part-*.png",
    "masks/[0-9]*.png",
    "instances/.part-*",
    "instances/[0-9]*.png",
    ".records/.part-*",
    ".records/[0-9]*.json",
)


def kill_when_new(out: Path, pattern: str, worker: subprocess.Popen, deadline: float) -> None:
    """SIGKILL the worker as soon as a file of that name appears that was not there before."""
    before = set(out.glob(pattern))
    while set(out.glob(pattern)) <= before and worker.poll() is None and time.monotonic() < deadline:
        pass
    worker.send_signal(signal.SIGKILL)


def kill_again_and_again(job: Path, out: Path, times: int, seed: int) -> int:
    """Start and kill workers; return how many were killed before they were done."""
    rng = np.random.default_rng(seed)
    killed = 0
    for attempt in range(times):
        worker = start(job, out, "--lease-seconds", "5")
        assert worker.stdout is not None
        worker.stdout.readline()  # it has begun, so that the kill meets rendering and writing, not Python's start
        if attempt % 2:
            kill_when_new(out, MOMENTS[rng.integers(len(MOMENTS))], worker, time.monotonic() + 10)
        else:
            time.sleep(rng.uniform(0.0, 0.5))
            worker.send_signal(signal.SIGKILL)
        worker.communicate(timeout=60)
        killed += worker.returncode == -signal.SIGKILL
        for path in itertools.chain(*(out.glob(f"{folder}/[0-9]*.png") for folder in ("images", "masks", "instances"))):
            assert cv2.imread(str(path), -1) is not None, f"{path} is half-written"
        if (out / "dataset.json").exists():
            break
    return killed


@pytest.mark.parametrize(
    ("times", "seed"), [pytest.param(6, 1), pytest.param(50, 2, marks=pytest.mark.slow)], ids=["6", "50"]
)
def test_killed_again_and_again_it_makes_the_same_bytes(tmp_path, undisturbed, times, seed):
    job, expected = undisturbed
    out = tmp_path / "out"
    killed = 0
    while killed < times:  # a dataset that is complete before its time is begun anew
        killed += kill_again_and_again(job, out, times - killed, seed + killed)
        done = render(job, out, "--lease-seconds", "5")
        assert done.returncode == 0, done.stderr
        assert content(out) == expected
        if killed < times:
            out = tmp_path / f"out{killed}"


def test_a_crash_of_blender_itself_costs_one_sample(tmp_path, undisturbed):
    job, expected = undisturbed
    out = tmp_path / "out"
    for signum in (signal.SIGSEGV, signal.SIGABRT):
        worker = start(job, out)
        assert worker.stdout is not None
        for line in worker.stdout:
            if '"start"' in line:
                break
        worker.send_signal(signum)
        worker.communicate(timeout=60)
        assert worker.returncode not in (0, 1, 2)
    assert render(job, out).returncode == 0
    assert content(out) == expected


@contextmanager
def small_disk(folder: Path, size: str):
    """A file system of its own at `folder`, if we may mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def error_line(done: subprocess.CompletedProcess) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1
    return lines[0]


def test_a_full_disk_stops_the_job_and_space_lets_it_go_on(tmp_path, undisturbed):
    job, expected = undisturbed
    with small_disk(tmp_path / "disk", "3m") as disk:
        out = disk / "out"
        assert render(job, out, "--samples", ":1").returncode == 0
        ballast = disk / "ballast"
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        for left in (20_000, 90_000):  # so that it fills up at another file each time
            ballast.write_bytes(b"x" * (free - left))
            done = render(job, out)
            assert done.returncode in (1, 2)  # 2 where not even the folder's check fits
            assert "No space left on device" in error_line(done)
            assert not (out / "dataset.json").exists()
            assert not list((out / ".records" / "failures").iterdir())
            ballast.unlink()
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        assert render(job, out).returncode == 0
        assert content(out) == expected


def test_a_limit_on_file_sizes_stops_the_job_likewise(tmp_path, undisturbed):
    job, expected = undisturbed
    out = tmp_path / "out"
    assert render(job, out, "--samples", ":1").returncode == 0
    limit = (out / "images" / "000000.png").stat().st_size // 2
    done = subprocess.run(
        command(job, out),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 1
    assert error_line(done).endswith("File too large")
    assert not (out / "dataset.json").exists()
    assert render(job, out).returncode == 0
    assert content(out) == expected


def test_a_folder_that_turns_read_only_is_told_at_once(tmp_path, undisturbed):
    job, expected = undisturbed
    with small_disk(tmp_path / "disk", "3m") as disk:
        out = disk / "out"
        assert render(job, out, "--samples", ":2").returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        done = render(job, out)
        assert done.returncode == 2
        assert error_line(done) == f"error: {out}: cannot write the dataset folder: Read-only file system"
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert render(job, out).returncode == 0
        assert content(out) == expected
