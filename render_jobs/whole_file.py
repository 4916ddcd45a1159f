"""Files that appear whole or not at all."""

import json
import os
import socket
from pathlib import Path
from typing import Any

PART_PREFIX = ".part-"


def part_path(path: Path) -> Path:
    """Return the name under which `path` is written before it is whole; same folder, so that the rename is atomic."""
    return path.with_name(PART_PREFIX + path.name)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all. Raises OSError as the file system does."""
    _write_by_way_of(part_path(path), path, content)


def write_shared(path: Path, content: bytes, parts: Path) -> None:
    """Write a file that several processes may write at once, each by way of a part file of its own in `parts`.

    Under one name for the part, the second would empty what the first is about to rename.
    """
    _write_by_way_of(parts / f"{PART_PREFIX}{socket.gethostname()}-{os.getpid()}-{path.name}", path, content)


def json_bytes(value: Any) -> bytes:
    """Return `value` as JSON, indented, keys in the order given."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _write_by_way_of(part: Path, path: Path, content: bytes) -> None:
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
