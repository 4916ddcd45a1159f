"""Files that appear whole or not at all."""

import json
import os
import socket
from pathlib import Path
from typing import Any

PART_PREFIX = ".part-"


def part_path(path: Path) -> Path:
    """Return the name under which `path` is written before it is whole; same folder, so that the rename is atomic.

    It names this process, too: no two workers on a shared folder ever write one file.
    """
    return path.with_name(f"{PART_PREFIX}{socket.gethostname()}-{os.getpid()}-{path.name}")


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all. Raises OSError as the file system does."""
    _write_by_way_of(part_path(path), path, content)


def write_shared(path: Path, content: bytes, parts: Path) -> None:
    """Write a file that several processes may write at once, each by way of a part file of its own in `parts`.

    Under one name for the part, the second would empty what the first is about to rename.
    """
    _write_by_way_of(part_path(parts / path.name), path, content)


def remove_parts(folder: Path, name: str) -> None:
    """Remove what dead workers left of a file that they were writing; the caller holds the file's lease."""
    for part in folder.glob(f"{PART_PREFIX}*-{name}"):
        part.unlink(missing_ok=True)


def json_bytes(value: Any) -> bytes:
    """Return `value` as JSON, indented, keys in the order given."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _write_by_way_of(part: Path, path: Path, content: bytes) -> None:
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        if part.is_file():  # on a full disk the beginning of a file is in everybody's way
            part.unlink()
        raise
