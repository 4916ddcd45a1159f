"""Atomic writing of files: a file appears completely or not at all."""

import json
import os
import socket
from pathlib import Path
from typing import Any

PART_PREFIX = ".part-"


def part_path(path: Path) -> Path:
    """Return the temporary name of `path`, in the same folder, so that the rename is atomic.

    It contains the host and the process, so that two workers on a shared folder never write the same file.
    """
    return path.with_name(f"{PART_PREFIX}{socket.gethostname()}-{os.getpid()}-{path.name}")


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically. Raises OSError."""
    _write_by_way_of(part_path(path), path, content)


def write_shared(path: Path, content: bytes, parts: Path) -> None:
    """Write a file that several processes may write at the same time, with temporary files in the folder `parts`.

    Each process has its own temporary file. With a common one, a process would truncate a file that another is about
    to rename.
    """
    _write_by_way_of(part_path(parts / path.name), path, content)


def remove_parts(folder: Path, name: str) -> None:
    """Remove temporary files of `name` that dead workers left; the caller must hold the sample's lease."""
    for part in folder.glob(f"{PART_PREFIX}*-{name}"):
        part.unlink(missing_ok=True)


def json_bytes(value: Any) -> bytes:
    """Return `value` as indented JSON with the keys in their order."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _write_by_way_of(part: Path, path: Path, content: bytes) -> None:
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        if part.is_file():  # an incomplete file would take space on a full disk
            part.unlink()
        raise
