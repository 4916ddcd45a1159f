"""Atomic writing of files: a file appears complete or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from training.support.user_error import UserError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its final place, flush it to the disk and rename it.

    Raises UserError if the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another output folder") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)  # mkstemp's 0600 would make the file unreadable to colleagues
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror}") from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file atomically. NaN raises ValueError, because JSON has none."""
    write_whole(path, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())
