"""Redirection of Blender's output into a log file, and detection of errors in it."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Blender's reports, Cycles' log in the formats of 4.x and 5.x, and device errors that raise no exception.
TROUBLE = re.compile(
    rb"^\s*(?:Error\b|ERROR\b|E\d{4} ).*|^[^|\n]*\| (?:ERROR|FATAL)\b.*"
    rb"|^.*\b(?:out of memory|(?:CUDA|OptiX|HIP|Metal|oneAPI|OSL|shader) error)\b.*",
    re.IGNORECASE | re.MULTILINE,
)


@contextmanager
def output_to(log: Path) -> Iterator[None]:
    """Append standard output and error, including those of Blender's C++ code, to `log` within the `with` block."""
    _flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    try:
        with log.open("ab") as file:
            for number in kept:
                os.dup2(file.fileno(), number)
            try:
                yield
            finally:
                _flush()
                for number, before in kept.items():
                    os.dup2(before, number)
    finally:
        for before in kept.values():
            os.close(before)


def trouble_in(log: Path, start: int) -> str | None:
    """Return the first error line of Blender or Cycles after byte `start` of a log, or None."""
    with log.open("rb") as file:
        file.seek(start)
        found = TROUBLE.search(file.read())
    return found.group().decode(errors="replace").strip() if found else None


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
