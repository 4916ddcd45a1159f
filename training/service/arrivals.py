"""Pictures that arrive in a folder, each held back until its file is complete."""

import heapq
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """Size [bytes] and time of the last change [ns] of a file; another stamp is another picture."""

    size: int
    changed_ns: int


class Arrivals:
    """Files on their way: a file is complete when its stamp has not changed for the settling time.

    A file that was renamed into its place is complete at once. Times are seconds of a clock that never goes back.
    """

    def __init__(self, settle_seconds: float) -> None:
        self._settle = settle_seconds
        self._due: list[tuple[float, int, Path]] = []
        self._stamps: dict[Path, Stamp | None] = {}
        """None: complete when it is due, whatever its stamp."""
        self._count = 0

    def __len__(self) -> int:
        return len(self._stamps)

    def see(self, path: Path, now: float, *, renamed: bool = False) -> None:
        """Note a file that appeared or changed; one that is on its way already keeps its place."""
        if path in self._stamps and not renamed:
            return
        stamp = None if renamed else stamp_of(path)
        if stamp is None and not renamed:
            return  # gone again
        self._stamps[path] = stamp
        self._push(path, now if renamed else now + self._settle)

    def take(self, now: float) -> Path | None:
        """Return the next complete file, or None; the file is on its way no more."""
        while self._due and self._due[0][0] <= now:
            _, _, path = heapq.heappop(self._due)
            if path not in self._stamps:
                continue  # taken already: it was renamed after it had been seen
            present, before = stamp_of(path), self._stamps[path]
            if present is None:
                del self._stamps[path]
            elif before is None or present == before:
                del self._stamps[path]
                return path
            else:
                self._stamps[path] = present
                self._push(path, now + self._settle)
        return None

    def wait(self, now: float) -> float:
        """Return the seconds until the next file may be complete; infinity without one."""
        return max(self._due[0][0] - now, 0.0) if self._due else float("inf")

    def _push(self, path: Path, due: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (due, self._count, path))


def stamp_of(path: Path) -> Stamp | None:
    """Return a file's stamp, or None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return Stamp(status.st_size, status.st_mtime_ns)


def oldest_first(paths: Iterable[Path]) -> list[Path]:
    """Return files by the time of their last change, then by name; those that are gone are left out."""
    stamped = [(stamp.changed_ns, os.fspath(path), path) for path in paths if (stamp := stamp_of(path)) is not None]
    return [path for _, _, path in sorted(stamped)]
