"""The supervisor with processes that fail or hang; one-line programs replace Blender."""

import json
import os
import queue
import sys
import time
from pathlib import Path

import pytest

from scripts.rendering import supervisor
from scripts.rendering.supervisor import Bounds, supervise
from scripts.rendering.worker import RenderWorker

BOUNDS = Bounds(workers=1, attempts=2, restart_after=100, memory_limit_mb=16000, sample_minutes=10)
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and executable scripts as POSIX has them")


def program(folder: Path, code: str) -> str:
    """Return a program that starts like Blender and runs other code."""
    path = folder / "blender"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("os.kill(os.getpid(), 9)", "Blender was ended by SIGKILL (out of memory?)"),
        ("os.kill(os.getpid(), 11)", "Blender was ended by SIGSEGV"),
        ("os.kill(os.getpid(), 40)", "Blender was ended by signal 40"),
        ("print('error: the disk is full'); os.kill(os.getpid(), 9)", "the disk is full"),
        ("print('Error: no such file'); print('Blender quit'); sys.exit(3)", "Blender failed: Error: no such file"),
        ("sys.exit(3)", "Blender failed: it said nothing"),
    ],
)
def test_why_a_process_ended_is_one_line(tmp_path, code, reason):
    worker = RenderWorker(program(tmp_path, f"sys.stdout.reconfigure(line_buffering=True)\n{code}"), [], queue.Queue())
    worker.wait()
    assert worker.reason() == reason


def test_a_finished_blender_that_does_not_leave_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LEAVE", 0.5)
    begin = {"event": "begin", "dataset": "out", "total": 1, "done": 1, "token": "us"}
    end = {"event": "end", "dataset": "out", "complete": True, "failed": {}, "unfinished": 0}
    said = "".join(f"print({json.dumps(event)!r}, flush=True)\n" for event in (begin, end))
    began = time.monotonic()
    outcome = supervise(program(tmp_path, f"{said}time.sleep(300)"), [], tmp_path, BOUNDS, lambda _: None)
    assert outcome.complete
    assert time.monotonic() - began < 60
