"""Supervision of render workers: restart Blender before it grows too large and after a crash."""

import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from render_jobs.failures import note_failure
from render_jobs.lease import release_leases
from scripts.rendering.worker import EXIT, RenderWorker
from training.support.user_error import UserError

TICK = 1.0  # seconds between two checks of a silent worker
LEAVE = 60.0  # seconds within which a worker must end after its last event

Report = Callable[[dict[str, Any]], None]
Inbox = queue.Queue[tuple[RenderWorker, dict[str, Any]]]


class RenderError(RuntimeError):
    """A failure of Blender that is not the user's mistake; the message is one line."""


@dataclass(frozen=True)
class Bounds:
    """Limits of a worker; it is replaced beyond them."""

    workers: int
    attempts: int
    restart_after: int
    memory_limit_mb: float
    sample_minutes: float


@dataclass
class Outcome:
    """The result after all workers have ended: samples given up and their causes; whether the dataset is complete."""

    complete: bool = False
    failed: dict[str, str] = field(default_factory=dict)


def supervise(blender: str | None, options: Sequence[str], out: Path, bounds: Bounds, report: Report) -> Outcome:
    """Run workers with ``options`` until all their samples in ``out`` are finished or given up.

    ``report`` receives every event. Raises UserError for bad input, and RenderError if a new process would fail too.
    """
    inbox: Inbox = queue.Queue()
    options = [*options, "--events", "--at-most", str(bounds.restart_after), "--attempts", str(bounds.attempts)]
    workers = [RenderWorker(blender, options, inbox)]
    outcome, idle_deaths = Outcome(), 0
    try:
        while workers:
            try:
                worker, event = inbox.get(timeout=TICK)
            except queue.Empty:
                for each in workers:
                    _watch(each, bounds)
                continue
            report(event)
            _remember(worker, event)
            _watch(worker, bounds)
            if event["event"] == "begin" and len(workers) < bounds.workers and worker is workers[0]:
                # The first worker creates the folder and clears old failures; the others only join.
                more = [*options, "--keep-failures"]
                workers += [RenderWorker(blender, more, inbox) for _ in range(bounds.workers - len(workers))]
            elif event["event"] == "sample":
                idle_deaths = 0
            elif event["event"] == EXIT:
                workers.remove(worker)
                idle_deaths += not worker.finished
                if _needs_another(worker, out, outcome, idle_deaths <= bounds.attempts, report):
                    workers.append(RenderWorker(blender, [*options, "--keep-failures"], inbox))
    finally:
        for worker in workers:
            worker.kill("interrupted")
        for worker in workers:
            worker.wait()
            if worker.token is not None:
                release_leases(out, worker.token)
    return outcome


def _remember(worker: RenderWorker, event: dict[str, Any]) -> None:
    worker.since = time.monotonic()
    kind = event["event"]
    if kind == "begin":
        worker.token = event["token"]
    elif kind == "start":
        worker.sample = event["sample"]
    elif kind in ("sample", "failure"):
        worker.sample = None
        worker.finished += 1
    elif kind == "end":
        worker.end = event


def _watch(worker: RenderWorker, bounds: Bounds) -> None:
    """End a worker that is too large, has worked on one sample for too long, or has no samples left."""
    if worker.end is not None:
        if time.monotonic() - worker.since > LEAVE:
            worker.kill()
        return
    if (used := worker.resident_mb()) > bounds.memory_limit_mb:
        worker.kill(f"its memory grew to {used:.0f} MB, beyond execution.memory_limit_mb={bounds.memory_limit_mb:g}")
    elif worker.sample is not None and time.monotonic() - worker.since > 60 * bounds.sample_minutes:
        worker.kill(f"no picture after execution.sample_minutes={bounds.sample_minutes:g}")
        worker.finished = 0  # caused by the sample itself, not by memory of earlier samples


def _needs_another(worker: RenderWorker, out: Path, outcome: Outcome, hopeful: bool, report: Report) -> bool:
    """Record what an ended worker leaves; return whether another worker must continue.

    Raises UserError or RenderError if that one would fail in the same way.
    """
    status = worker.wait()
    if worker.end is not None:
        outcome.complete |= worker.end["complete"]
        outcome.failed |= worker.end["failed"]
        return bool(worker.end["unfinished"])
    if status == 2:
        raise UserError(worker.reason())
    if worker.token is None or worker.refused():
        raise RenderError(worker.reason())
    if worker.sample is not None and not (worker.doom and worker.finished):
        failure = note_failure(out, worker.sample, worker.reason())
        report({"event": "failure", "sample": worker.sample, "attempt": failure.attempts, "cause": failure.cause})
    elif not hopeful:
        raise RenderError(worker.reason())
    release_leases(out, worker.token)
    return True
