"""Giving freed memory back to the operating system."""

import ctypes
import functools
import sys
from collections.abc import Callable


def release_free_memory() -> None:
    """Return what has been freed to the system, where the C library (glibc) would keep it.

    Tiles leave holes between blocks of many sizes: without this, a process of some hundred tiles keeps twice what it
    uses.
    """
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    if not sys.platform.startswith("linux"):
        return bool
    trim: Callable[[int], object] = getattr(ctypes.CDLL(None), "malloc_trim", bool)  # musl has none
    return trim
