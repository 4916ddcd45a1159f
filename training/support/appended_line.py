"""Lines of JSON that a crash cannot lose: each is on the disk before the program goes on."""

import json
import os
from pathlib import Path
from typing import Any

from training.support.user_error import UserError


def append_line(path: Path, line: dict[str, Any]) -> None:
    """Append a document as one line of a file; it is on the disk on return. Raises UserError."""
    try:
        with path.open("ab") as file:
            file.write((json.dumps(line) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error
