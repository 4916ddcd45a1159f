"""The loop of a worker: take a sample's lease and render it, until all samples are finished or given up."""

import os
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from blender_addon.job.job_error import JobError
from blender_addon.pictures.whole_file import part_path, remove_parts

from .blender_output import output_to, trouble_in
from .device import Device
from .failures import clear_failures, note_failure, read_failure
from .kept_groups import KeptGroups
from .lease import Owner, take
from .render_sample import render_sample
from .sample_files import LOGS, PARTS, RECORDS, read_record, record_path, relative_path
from .sample_plan import PlannedSample

POLL_SECONDS = 1.0  # between checks of samples that other workers have
BYTES_PER_PIXEL = 16  # of the annotation pass, the largest file of a sample

Report = Callable[..., None]  # event name and keyword arguments


@dataclass(frozen=True)
class Execution:
    """Options of a worker that are not part of the job; only the device can affect a picture."""

    device: Device
    threads: int | None
    attempts: int
    lease_seconds: float
    at_most: int | None


class FolderError(RuntimeError):
    """The dataset folder cannot be written any more (full, read-only or missing), so that all work stops."""


@dataclass(frozen=True)
class Outcome:
    """The result of a worker: causes of the samples given up, and the number of samples left because of `at_most`."""

    failed: dict[str, str]
    unfinished: int


def render_samples(
    samples: Sequence[PlannedSample], dataset: Path, execution: Execution, owner: Owner, report: Report
) -> Outcome:
    """Render the samples that no other worker renders; wait for the others, and take over those of dead workers.

    A failed sample is tried again after the others, `attempts` times in all. Raises FolderError.
    """
    with tempfile.TemporaryDirectory(prefix="stainless_") as folder:
        return _render_all(samples, dataset, KeptGroups(Path(folder)), execution, owner, report)


def _render_all(
    samples: Sequence[PlannedSample],
    dataset: Path,
    groups: KeptGroups,
    execution: Execution,
    owner: Owner,
    report: Report,
) -> Outcome:
    pending, rendered = list(samples), 0
    failed: dict[str, str] = {}
    log = dataset / LOGS / f"{owner.token}.log"
    while True:
        waiting: list[PlannedSample] = []
        idle = True
        for position, sample in enumerate(pending):
            if read_record(dataset, sample.sample_id) is not None:
                continue
            failure = read_failure(dataset, sample.sample_id)
            if failure is not None and failure.attempts >= execution.attempts:
                failed[sample.sample_id] = failure.cause
                continue
            if rendered == execution.at_most:
                return Outcome(failed, len(waiting) + len(pending) - position)
            if _render_if_free(sample, dataset, groups, execution, owner, log, report):
                idle = False
                rendered += 1
            waiting.append(sample)
        pending = waiting
        if not pending:
            return Outcome(failed, 0)
        if idle:
            time.sleep(POLL_SECONDS)


def _render_if_free(
    sample: PlannedSample,
    dataset: Path,
    groups: KeptGroups,
    execution: Execution,
    owner: Owner,
    log: Path,
    report: Report,
) -> bool:
    """Render a sample unless another worker has it; return whether this worker tried."""
    lease = take(dataset, sample.sample_id, owner, execution.lease_seconds)
    if lease is None:
        return False
    with lease:
        if read_record(dataset, sample.sample_id) is not None:
            return False  # finished by the previous holder of the lease
        report("start", sample=sample.sample_id)
        _clear_away(dataset, sample)
        cause = _attempt(sample, dataset, groups, execution, log, lease.is_ours)
        if cause is None:
            clear_failures(dataset, [sample.sample_id])
            report("sample", sample=sample.sample_id, image=str(dataset / relative_path("image", sample.sample_id)))
            return True
        _check_folder(dataset, sample)
        failure = note_failure(dataset, sample.sample_id, cause)
        report("failure", sample=sample.sample_id, attempt=failure.attempts, cause=failure.cause)
    return True


def _attempt(
    sample: PlannedSample,
    dataset: Path,
    groups: KeptGroups,
    execution: Execution,
    log: Path,
    is_ours: Callable[[], bool],
) -> str | None:
    """Render a sample; return None, or the cause of the failure in one line."""
    start = log.stat().st_size if log.exists() else 0

    def publishable() -> None:
        if (trouble := trouble_in(log, start)) is not None:
            raise RuntimeError(trouble)
        if not is_ours():
            raise RuntimeError("this worker stood still for so long that another took the sample over")

    try:
        with output_to(log):
            try:
                render_sample(sample, dataset, groups, partial(prepare, execution), publishable)
            except Exception:
                traceback.print_exc()
                raise
    except JobError:
        raise
    except Exception as error:  # a failed sample, whatever the cause, must not stop the others
        return f"{type(error).__name__}: {error}" if not isinstance(error, RuntimeError) else str(error)
    return None


def prepare(execution: Execution, scene: bpy.types.Scene, annotation: bpy.types.Scene) -> dict[str, Any]:
    """Apply the execution options to a sample's scenes; return columns for the sample's row.

    The annotation stays on the CPU, whose integers are exact on every machine.
    """
    execution.device.use(scene)
    for each in (scene, annotation):
        each.cycles.use_auto_tile = False  # tiles use a temporary file; the picture is the same without
        if execution.threads is not None:
            each.render.threads_mode = "FIXED"
            each.render.threads = execution.threads
    return {
        "device": str(execution.device),
        "blender": bpy.app.version_string,
        "cycles_samples": scene.cycles.samples,
    }


def _clear_away(dataset: Path, sample: PlannedSample) -> None:
    """Remove temporary files that a dead worker left of this sample."""
    for part in PARTS:
        path = dataset / relative_path(part, sample.sample_id)
        remove_parts(path.parent, path.name)
        remove_parts(path.parent, f"{sample.sample_id}.exr")
    record = record_path(dataset, sample.sample_id)
    remove_parts(record.parent, record.name)


def _check_folder(dataset: Path, sample: PlannedSample) -> None:
    """Check that the folder can store a sample's largest file. Raises FolderError if not."""
    _clear_away(dataset, sample)
    picture = sample.scene.picture
    probe = part_path(dataset / RECORDS / f"{sample.sample_id}.json")
    try:
        with probe.open("wb") as file:
            file.write(bytes(BYTES_PER_PIXEL * picture.width * picture.height))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FolderError(f"{dataset}: cannot write there any more: {error.strerror}") from error
    finally:
        probe.unlink(missing_ok=True)
