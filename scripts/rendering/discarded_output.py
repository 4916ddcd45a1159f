"""Blender's own output, discarded while pictures are rendered in this process."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def discarded_output() -> Iterator[None]:
    """Discard everything that is written to file descriptor 1, also by Blender's C code."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
