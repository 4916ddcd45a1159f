"""Blender's own chatter, kept in a log file so that a terminal shows only what a person needs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def output_to(log: Path) -> Iterator[None]:
    """Send everything that Blender's C++ side prints to standard output to the end of `log` meanwhile."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with log.open("ab") as file:
            os.dup2(file.fileno(), 1)
            try:
                yield
            finally:
                sys.stdout.flush()
                os.dup2(kept, 1)
    finally:
        os.close(kept)
