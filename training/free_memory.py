"""Giving freed memory back to the operating system."""

import ctypes
import functools
import sys
from collections.abc import Callable

_M_MMAP_THRESHOLD = -3  # of malloc.h
_MAPPED_FROM = 2**20


def map_large_blocks() -> None:
    """Have the C library (glibc) map each block of over a megabyte by itself, so that it goes back when it is freed.

    By default the limit grows to 32 MiB, and what a backbone leaves between its maps costs half as much again.
    """
    if sys.platform.startswith("linux"):
        getattr(ctypes.CDLL(None), "mallopt", lambda *_: 0)(_M_MMAP_THRESHOLD, _MAPPED_FROM)  # musl has none


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
