"""The files of one sample inside a dataset folder, and the record that says that they are all there and whole."""

import json
import tempfile
from pathlib import Path
from typing import Any

from blender_addon.job.job_error import JobError
from blender_addon.pictures.files import FOLDERS
from blender_addon.pictures.whole_file import PART_PREFIX, json_bytes, write_shared

RECORDS = ".records"
BEGUN = "begun.json"
LEASES, FAILURES, LOGS = (f"{RECORDS}/{name}" for name in ("leases", "failures", "logs"))
PARTS = tuple(FOLDERS)


def relative_path(part: str, sample_id: str) -> str:
    """Return where `part` of a sample lies, relative to the dataset folder, with forward slashes."""
    return f"{FOLDERS[part]}/{sample_id}.png"


def record_path(dataset: Path, sample_id: str) -> Path:
    """Return where a finished sample's record lies."""
    return dataset / RECORDS / f"{sample_id}.json"


def read_record(dataset: Path, sample_id: str) -> dict[str, Any] | None:
    """Return the record of a finished sample, None if it is not finished or one of its files has gone."""
    path = record_path(dataset, sample_id)
    if not path.exists() or not all((dataset / relative_path(part, sample_id)).exists() for part in PARTS):
        return None
    return json.loads(path.read_text(encoding="utf-8"))


def open_dataset_folder(dataset: Path, job: dict[str, Any], blender: str, samples: int) -> None:
    """Make the dataset folder for a job of so many samples, or find it begun by this very job.

    Raises JobError if it cannot be written, holds something else, or was begun by another job or Blender.
    """
    stamp = dataset / RECORDS / BEGUN
    try:
        # Another worker may begin the folder while we look: files are strange only if there is no stamp after all.
        if not stamp.exists() and _holds_files(dataset) and not stamp.exists():
            raise JobError(f"{dataset}: is neither empty nor a dataset begun by this program; choose another folder")
        for folder in (LEASES, FAILURES, LOGS, *FOLDERS.values()):
            (dataset / folder).mkdir(parents=True, exist_ok=True)
        if not stamp.exists():
            begun = {"job": job, "blender": blender, "samples": samples}
            write_shared(stamp, json_bytes(begun), stamp.parent)
        with tempfile.TemporaryFile(dir=stamp.parent) as probe:  # a folder that has turned read-only is told at once
            probe.write(b".")
        before = json.loads(stamp.read_text(encoding="utf-8"))
        if before["job"] != job:
            raise JobError(f"{dataset}: holds the samples of another job; choose another folder or delete this one")
        if before["blender"] != blender:
            raise JobError(
                f"{dataset}: was begun with Blender {before['blender']}, this is {blender}; "
                "go on with that one or choose another folder"
            )
    except OSError as error:
        raise JobError(f"{dataset}: cannot write the dataset folder: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(f"{stamp}: damaged; delete {dataset} and start again") from error


def _holds_files(folder: Path) -> bool:
    """Whether anything lies in the folder but what a job leaves that was killed before it could say whose it is."""
    if folder.exists() and not folder.is_dir():
        return True
    return any(path.is_file() and not path.name.startswith(PART_PREFIX) for path in folder.rglob("*"))
