"""Services in processes of their own: the typed command, or the same door in a fork that has its libraries loaded."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.training.small_plates import compose_config

ROOT = Path(__file__).resolve().parents[3]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["training.service.watch_run", "training.service.serve_run"])


def typed(door: str, *settings: str) -> subprocess.Popen:
    """Start ``python -m training.<door>``; its output can be read as text."""
    return subprocess.Popen(
        [sys.executable, "-m", f"training.{door}", "device=cpu", *settings],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def forked(door: str, *settings: str) -> multiprocessing.process.BaseProcess:
    """Start a door in a process that need not load torch again: it can be killed as often as wished."""
    process = FORKS.Process(target=_run, args=(door, ["device=cpu", *settings]), daemon=True)
    process.start()
    return process


def _run(door: str, settings: list[str]) -> None:
    import importlib

    import torch

    from training.support.entry_point import run

    torch.set_num_threads(1)
    sys.argv = [door, *settings]
    run(door, getattr(importlib.import_module(f"training.{door}"), door))


def wait_for(condition: Callable[[], bool], process, seconds: float = 300) -> None:
    """Wait until the condition holds; the process must be alive until then."""
    end = time.monotonic() + seconds
    while not condition():
        alive = process.poll() is None if isinstance(process, subprocess.Popen) else process.is_alive()
        assert alive, "the process ended"
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def predict_config(run: Path, folder: Path, output: Path):
    return compose_config("predict", [f"model={run}", f"input={folder}", f"output={output}", "device=cpu"])
