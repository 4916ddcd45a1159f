"""Progress of a dataset folder, for running, dead and finished jobs. Needs no Blender."""

import json
from dataclasses import dataclass
from pathlib import Path

from blender_addon.job.job_error import JobError

from .failures import read_failures
from .lease import leased_samples
from .sample_files import BEGUN, RECORDS, relative_path

PACE_OF = 20  # number of latest pictures that determine the pace


@dataclass(frozen=True)
class JobStatus:
    """Numbers of samples; `rendering` are those leased now, `failed` holds the cause by sample id."""

    dataset: Path
    total: int
    done: int
    rendering: tuple[str, ...]
    failed: dict[str, str]
    images_per_hour: float | None
    last_picture: Path | None
    complete: bool

    def __str__(self) -> str:
        state = "complete" if self.complete else f"{len(self.rendering)} being rendered now"
        left = self.total - self.done
        lines = [f"{self.dataset}: {self.done} of {self.total} done, {len(self.failed)} failed, {left} left, {state}"]
        if self.images_per_hour is not None and left:
            lines.append(
                f"{self.images_per_hour:.0f} images per hour lately, {left / self.images_per_hour:.1f} hours left"
            )
        if self.last_picture is not None:
            lines.append(f"last picture: {self.last_picture}")
        return "\n".join([*lines, *(f"failed {sample}: {cause}" for sample, cause in self.failed.items())])


def read_status(dataset: Path, lease_seconds: float) -> JobStatus:
    """Read the status of a dataset folder. Raises JobError if no job was begun there."""
    records = dataset / RECORDS
    try:
        total = json.loads((records / BEGUN).read_text(encoding="utf-8"))["samples"]
        finished = sorted((path.stat().st_mtime, path.stem) for path in records.glob("[0-9]*.json"))
    except OSError as error:
        raise JobError(f"{dataset}: no job was begun there ({error.strerror}: {records / BEGUN})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(f"{records / BEGUN}: damaged") from error
    rendering = leased_samples(dataset, lease_seconds)
    latest = [time for time, _ in finished[-PACE_OF:]]
    span = latest[-1] - latest[0] if latest else 0.0
    return JobStatus(
        dataset=dataset,
        total=total,
        done=len(finished),
        rendering=tuple(rendering),
        failed={sample: failure.cause for sample, failure in read_failures(dataset).items()},
        images_per_hour=3600 * (len(latest) - 1) / span if rendering and span > 0 else None,
        last_picture=dataset / relative_path("image", finished[-1][1]) if finished else None,
        complete=(dataset / "dataset.json").exists(),
    )
