"""Several real workers on one folder: every sample rendered once, none lost, the same bytes as one worker's."""

import signal
import subprocess
import time
from collections import Counter

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from tests.render_jobs.worker_process import content, events, start

pytestmark = pytest.mark.blender

HANGS = 600  # seconds: a worker that is only slow, on a machine that is busy otherwise, has not failed


def finish(workers: list[subprocess.Popen]) -> list[list[dict]]:
    told = [events(worker.communicate(timeout=HANGS)[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers)
    return told


def test_workers_that_start_together_share_the_samples(tmp_path, undisturbed):
    job, expected = undisturbed
    told = finish([start(job, tmp_path / "out") for _ in range(3)])
    rendered = Counter(event["sample"] for worker in told for event in worker if event["event"] == "sample")
    assert rendered == Counter({f"{number:06d}": 1 for number in range(8)})
    assert sum(worker[-1]["complete"] for worker in told) >= 1
    assert content(tmp_path / "out") == expected
    assert not list((tmp_path / "out" / ".records" / "leases").iterdir())


def test_shards_render_their_own_samples(tmp_path, undisturbed):
    job, expected = undisturbed
    out = tmp_path / "out"
    told = finish([start(job, out, "--shard", f"{number}/2", "--threads", "1") for number in (1, 2)])
    rendered = [[event["sample"] for event in worker if event["event"] == "sample"] for worker in told]
    assert rendered == [[f"{number:06d}" for number in range(first, 8, 2)] for first in (0, 1)]
    assert content(out) == expected


def test_the_living_take_over_from_the_dead(tmp_path, undisturbed):
    job, expected = undisturbed
    out = tmp_path / "out"
    doomed = start(job, out)
    survivor = start(job, out)
    assert doomed.stdout is not None
    for line in doomed.stdout:
        if '"start"' in line:
            break
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate(timeout=HANGS)
    finish([survivor])
    assert content(out) == expected


def test_a_worker_that_stood_still_beyond_its_lease_publishes_nothing_twice(tmp_path, undisturbed):
    job, expected = undisturbed
    out = tmp_path / "out"
    sleeper = start(job, out, "--lease-seconds", "2")
    assert sleeper.stdout is not None
    for line in sleeper.stdout:
        if '"start"' in line:
            break
    sleeper.send_signal(signal.SIGSTOP)
    other = start(job, out, "--lease-seconds", "2")
    told = events(other.communicate(timeout=HANGS)[0])
    assert other.returncode == 0
    assert len([event for event in told if event["event"] == "sample"]) >= 7
    before = {path: path.stat().st_mtime_ns for path in (out / ".records").glob("0*.json")}
    time.sleep(0.1)
    sleeper.send_signal(signal.SIGCONT)
    rest = events(sleeper.communicate(timeout=HANGS)[0])
    assert not [event for event in rest if event["event"] == "sample"]
    assert before == {path: path.stat().st_mtime_ns for path in (out / ".records").glob("0*.json")}
    assert content(out) == expected
