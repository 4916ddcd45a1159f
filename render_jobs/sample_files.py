"""The files of a sample in a dataset folder, and the record that marks the sample as finished."""

import json
import tempfile
from pathlib import Path
from typing import Any

from blender_addon.job.job_error import JobError
from blender_addon.pictures.files import CLEAN_FOLDER, FOLDERS
from blender_addon.pictures.whole_file import PART_PREFIX, json_bytes, write_shared

RECORDS = ".records"
BEGUN = "begun.json"
RENDERER = "stain_renderer"  # key of a job, and of the choice in the file BEGUN
LEASES, FAILURES, LOGS = (f"{RECORDS}/{name}" for name in ("leases", "failures", "logs"))
PARTS = tuple(FOLDERS)


def relative_path(part: str, sample_id: str) -> str:
    """Return the path of `part` of a sample relative to the dataset folder, with forward slashes."""
    return f"{FOLDERS[part]}/{sample_id}.png"


def clean_path(sample_id: str) -> str:
    """Return the path of a sample's clean twin relative to the dataset folder."""
    return f"{CLEAN_FOLDER}/{sample_id}.png"


def record_path(dataset: Path, sample_id: str) -> Path:
    """Return the path of a sample's record."""
    return dataset / RECORDS / f"{sample_id}.json"


def read_record(dataset: Path, sample_id: str) -> dict[str, Any] | None:
    """Return the record of a finished sample; None if it is not finished or one of its files is missing."""
    path = record_path(dataset, sample_id)
    if not path.exists() or not all((dataset / relative_path(part, sample_id)).exists() for part in PARTS):
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    twin = record["sample"].get("clean")
    return record if twin is None or (dataset / twin).exists() else None


def open_dataset_folder(
    dataset: Path, job: dict[str, Any], blender: str, samples: int, stain_renderer: str = "nodes"
) -> str:
    """Create the dataset folder for a job with a number of samples, or check that this job has begun it.

    Returns the renderer of the stains with which the dataset was begun: `stain_renderer` for a new one. Raises JobError
    if the folder cannot be written, has other contents, or was begun by another job or Blender version.
    """
    stamp = dataset / RECORDS / BEGUN
    try:
        # Another worker may begin the folder in between, so the stamp is checked again after finding files.
        if not stamp.exists() and _holds_files(dataset) and not stamp.exists():
            raise JobError(f"{dataset}: is neither empty nor a dataset begun by this program; choose another folder")
        for folder in (LEASES, FAILURES, LOGS, *FOLDERS.values()):
            (dataset / folder).mkdir(parents=True, exist_ok=True)
        if not stamp.exists():
            begun = {"job": job, "blender": blender, "samples": samples, RENDERER: stain_renderer}
            write_shared(stamp, json_bytes(begun), stamp.parent)
        with tempfile.TemporaryFile(dir=stamp.parent) as probe:  # detects a read-only folder at once
            probe.write(b".")
        before = json.loads(stamp.read_text(encoding="utf-8"))
        if before["job"] != job:
            raise JobError(f"{dataset}: holds the samples of another job; choose another folder or delete this one")
        if before["blender"] != blender:
            raise JobError(
                f"{dataset}: was begun with Blender {before['blender']}, this is {blender}; "
                "go on with that one or choose another folder"
            )
        return _renderer(before)
    except OSError as error:
        raise JobError(f"{dataset}: cannot write the dataset folder: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(f"{stamp}: damaged; delete {dataset} and start again") from error


def read_renderer(dataset: Path) -> str:
    """Return the renderer of the stains with which a dataset was begun."""
    return _renderer(json.loads((dataset / RECORDS / BEGUN).read_text(encoding="utf-8")))


def _renderer(begun: dict[str, Any]) -> str:
    """Return the recorded renderer; datasets begun before there was a choice have the job's own."""
    return str(begun.get(RENDERER, begun["job"].get(RENDERER, "nodes")))


def _holds_files(folder: Path) -> bool:
    """Return whether the folder has files other than the temporary ones of a job that was killed at its start."""
    if folder.exists() and not folder.is_dir():
        return True
    return any(path.is_file() and not path.name.startswith(PART_PREFIX) for path in folder.rglob("*"))
