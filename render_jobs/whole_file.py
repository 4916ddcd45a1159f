"""Files that appear whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

PART_PREFIX = ".part-"


def part_path(path: Path) -> Path:
    """Return the name under which `path` is written before it is whole; same folder, so that the rename is atomic."""
    return path.with_name(PART_PREFIX + path.name)


def put_in_place(path: Path) -> None:
    """Flush the part file of `path` to the disk and give it its name."""
    part = part_path(path)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all. Raises OSError as the file system does."""
    part_path(path).write_bytes(content)
    put_in_place(path)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, indented, keys in the order given."""
    write_whole(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())
