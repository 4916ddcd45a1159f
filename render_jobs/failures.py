"""Failures of samples, stored beside the records: the number of attempts and the last cause."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from blender_addon.pictures.whole_file import json_bytes, write_whole

from .sample_files import FAILURES


@dataclass(frozen=True)
class Failure:
    """The number of a sample's failed attempts since the job was last started by a user, and the last cause."""

    attempts: int
    cause: str


def read_failure(dataset: Path, sample_id: str) -> Failure | None:
    """Return a sample's failure, or None if it has not failed."""
    try:
        return Failure(**json.loads(_path(dataset, sample_id).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def read_failures(dataset: Path) -> dict[str, Failure]:
    """Return the failures of all samples that failed and have not finished since, by sample id."""
    names = sorted(path.stem for path in (dataset / FAILURES).glob("[0-9]*.json"))
    found = {name: read_failure(dataset, name) for name in names}
    return {name: failure for name, failure in found.items() if failure is not None}


def note_failure(dataset: Path, sample_id: str, cause: str) -> Failure:
    """Count one more failed attempt and return the failure; the caller must hold the sample's lease."""
    before = read_failure(dataset, sample_id)
    failure = Failure((before.attempts if before else 0) + 1, " ".join(cause.split()))
    write_whole(_path(dataset, sample_id), json_bytes(asdict(failure)))
    return failure


def clear_failures(dataset: Path, sample_ids: Iterable[str]) -> None:
    """Delete the failures of samples that have finished or whose job a user starts again."""
    for sample_id in sample_ids:
        _path(dataset, sample_id).unlink(missing_ok=True)


def _path(dataset: Path, sample_id: str) -> Path:
    return dataset / FAILURES / f"{sample_id}.json"
