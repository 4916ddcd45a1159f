"""What becomes of freed memory: back to the operating system at once, or kept for the next block."""

import ctypes
import functools
import sys
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -3, -4, -8  # of malloc.h
_MAPPED_FROM = 2**20


def map_large_blocks() -> None:
    """Have the C library (glibc) map each block of over a megabyte by itself, so that it goes back when it is freed.

    By default the limit grows to 32 MiB, and what a backbone leaves between its maps costs half as much again.
    """
    _set(_M_MMAP_THRESHOLD, _MAPPED_FROM)


def keep_freed_memory() -> None:
    """Have the C library keep all that is freed, in one heap: steps of equal size then find their memory at hand.

    Mapping every block anew costs a pretraining half its time.
    """
    for option, value in ((_M_ARENA_MAX, 1), (_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1)):
        _set(option, value)


def _set(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        getattr(ctypes.CDLL(None), "mallopt", lambda *_: 0)(option, value)  # musl has none


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
