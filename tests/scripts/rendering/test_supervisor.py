"""The supervisor over real Blender processes: crashes, restarts, samples that keep failing, an end from outside."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from render_jobs.job_status import read_status
from scripts.rendering.process import default_execution, run_render_job
from scripts.rendering.supervisor import Bounds, RenderError, supervise
from tests.render_jobs.worker_process import content, tiny_job, write_job
from training.support.user_error import UserError

pytestmark = pytest.mark.blender

ROOT = Path(__file__).resolve().parents[3]
BOUNDS = {"workers": 1, "attempts": 2, "restart_after": 100, "memory_limit_mb": 16000, "sample_minutes": 10}
PLATES = 5


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A job file, and its dataset from two supervised workers that restart after every other sample."""
    folder = tmp_path_factory.mktemp("supervised")
    job, told = write_job(folder, PLATES), []
    outcome = supervise(
        None, options(job, folder / "out"), folder / "out", Bounds(**{**BOUNDS, "restart_after": 2}), told.append
    )
    assert outcome.complete
    assert sum(event["event"] == "begin" for event in told) >= 3
    assert sum(event["event"] == "sample" for event in told) == PLATES
    return job, content(folder / "out")


def options(job: Path, out: Path) -> list[str]:
    return ["--job", str(job), "--out", str(out)]


def test_two_workers_under_one_supervisor_make_the_same_bytes(tmp_path, undisturbed):
    job, expected = undisturbed
    told = []
    bounds = Bounds(**{**BOUNDS, "workers": 2})
    assert supervise(None, options(job, tmp_path / "out"), tmp_path / "out", bounds, told.append).complete
    assert sum(event["event"] == "begin" for event in told) == 2
    assert content(tmp_path / "out") == expected


def test_a_crashed_blender_is_replaced_and_its_sample_tried_again(tmp_path, undisturbed):
    job, expected = undisturbed
    told = []

    def crash_at_the_second(event: dict) -> None:
        told.append(event)
        if [event["event"] for event in told].count("start") == 2 and event["event"] == "start":
            (blender,) = (child for child in psutil.Process().children() if str(job) in child.cmdline())
            blender.send_signal(signal.SIGSEGV)

    outcome = supervise(None, options(job, tmp_path / "out"), tmp_path / "out", Bounds(**BOUNDS), crash_at_the_second)
    failures = [event for event in told if event["event"] == "failure"]
    assert [(event["sample"], event["attempt"]) for event in failures] == [("000001", 1)]
    assert failures[0]["cause"] == "Blender was ended by SIGSEGV"
    assert outcome.complete
    assert not outcome.failed
    assert content(tmp_path / "out") == expected


def test_a_sample_that_keeps_failing_never_blocks_the_rest(tmp_path, undisturbed, capfd):
    job, expected = undisturbed
    out = tmp_path / "out"
    in_the_way = out / "images" / "000001.png"
    told = []

    def put_something_in_the_way(event: dict) -> None:
        told.append(event)
        if event["event"] == "begin":
            (in_the_way / "something").mkdir(parents=True)

    outcome = supervise(None, options(job, out), out, Bounds(**BOUNDS), put_something_in_the_way)
    assert not outcome.complete
    assert list(outcome.failed) == ["000001"]
    assert "Is a directory" in outcome.failed["000001"]
    assert [event["attempt"] for event in told if event["event"] == "failure"] == [1, 2]
    status = read_status(out, 120)
    assert (status.total, status.done, list(status.failed), status.complete) == (PLATES, PLATES - 1, ["000001"], False)
    assert "failed 000001: IsADirectoryError" in str(status)

    execution = default_execution()
    execution.attempts = 1
    with pytest.raises(RenderError, match="not complete, 1 samples given up"):
        run_render_job(tiny_job(PLATES), out, execution)
    assert "error: sample 000001 given up: IsADirectoryError" in capfd.readouterr().err
    (in_the_way / "something").rmdir()
    in_the_way.rmdir()
    run_render_job(tiny_job(PLATES), out, execution)
    assert content(out) == expected
    assert not read_status(out, 120).failed


def test_blender_is_replaced_when_its_memory_has_grown(tmp_path, undisturbed):
    job, expected = undisturbed
    told, bounds = [], Bounds(**BOUNDS)

    def narrow_after_two(event: dict) -> None:
        told.append(event["event"])
        # Bounds are frozen otherwise; here the memory limit is only known while the worker runs.
        small = event["event"] == "sample" and told.count("sample") == 2
        object.__setattr__(bounds, "memory_limit_mb", 1.0 if small else BOUNDS["memory_limit_mb"])

    outcome = supervise(None, options(job, tmp_path / "out"), tmp_path / "out", bounds, narrow_after_two)
    assert told.count("begin") == 2
    assert "failure" not in told
    assert outcome.complete
    assert content(tmp_path / "out") == expected


def test_a_bound_that_no_blender_keeps_is_an_error(tmp_path, undisturbed):
    job, _ = undisturbed
    bounds = Bounds(**{**BOUNDS, "memory_limit_mb": 1.0})
    with pytest.raises(RenderError, match=r"its memory grew to \d+ MB, beyond execution.memory_limit_mb=1"):
        supervise(None, options(job, tmp_path / "out"), tmp_path / "out", bounds, print)


def test_a_device_that_is_not_there_is_an_error(tmp_path):
    execution = default_execution()
    execution.device = "metal"
    with pytest.raises(UserError, match="--device metal: not on this machine or not in this Blender; there is"):
        run_render_job(tiny_job(1), tmp_path / "out", execution)
    assert not (tmp_path / "out").exists()


def test_killing_the_supervisor_loses_nothing(tmp_path, undisturbed):
    job, expected = undisturbed
    out = tmp_path / "out"
    program = (
        "import sys; from pathlib import Path; from scripts.rendering.supervisor import Bounds, supervise;"
        f"supervise(None, {options(job, out)!r}, Path({str(out)!r}), Bounds(**{BOUNDS!r}), print)"
    )
    supervisor = subprocess.Popen([sys.executable, "-u", "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert supervisor.stdout is not None
    for line in supervisor.stdout:
        if "start" in line:
            break
    (orphan,) = psutil.Process(supervisor.pid).children()
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.communicate()
    outcome = supervise(None, options(job, out), out, Bounds(**BOUNDS), print)
    assert outcome.complete
    assert content(out) == expected
    deadline = time.monotonic() + 20
    while orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
