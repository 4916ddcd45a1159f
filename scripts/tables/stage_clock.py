"""The time of every stage of a long work, kept in times.json, and the forecast of what is left.

A stage has units of one kind, such as pictures of one render setting. What a unit took before, in this session or an
earlier one, forecasts the rest. A kill loses the time of the unfinished session of one stage, nothing else.
"""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from training.support.user_error import UserError
from training.support.whole_file import write_json

TIMES_FILE = "times.json"


class StageClock:
    """Seconds and units of stages by name, stored in a folder's times.json."""

    def __init__(self, folder: Path) -> None:
        """Read the times of earlier sessions. Raises UserError for a damaged file."""
        self._path = folder / TIMES_FILE
        self._stages = self._read()

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._path.exists():
            return {}
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            stages = {str(stage["stage"]): dict(stage) for stage in document["stages"]}
            for stage in stages.values():
                stage["kind"], float(stage["seconds"]), float(stage["units"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{self._path} cannot be read ({error}); delete it") from error
        return stages

    @contextmanager
    def stage(self, name: str, kind: str, units: float) -> Iterator[None]:
        """Time a stage whose completion does ``units`` of a kind; a stage that fails adds its time, but no units."""
        started, done = time.monotonic(), 0.0
        try:
            yield
            done = units
        finally:
            self.add(name, kind, done, time.monotonic() - started)

    def add(self, name: str, kind: str, units: float, seconds: float) -> None:
        """Add time and units to a stage, and write the file.

        It is read again before, since another program may do other stages in the same folder.
        """
        self._stages = self._read()
        stage = self._stages.setdefault(name, {"stage": name, "kind": kind, "seconds": 0.0, "units": 0.0})
        stage["seconds"] = round(stage["seconds"] + seconds, 3)
        stage["units"] += units
        total = sum(entry["seconds"] for entry in self._stages.values())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._path, {"seconds": round(total, 3), "stages": list(self._stages.values())})

    def seconds_per_unit(self, kind: str) -> float | None:
        """Return the mean time of a unit of a kind; None if none is measured."""
        of_kind = [stage for stage in self._stages.values() if stage["kind"] == kind]
        units = sum(stage["units"] for stage in of_kind)
        return sum(stage["seconds"] for stage in of_kind) / units if units else None

    def forecast(self, left: Iterable[tuple[str, float]]) -> str:
        """Return the time that units left of each kind will take, in words, such as "about 3.2 h"."""
        seconds, unknown = 0.0, []
        for kind, units in left:
            rate = self.seconds_per_unit(kind)
            if rate is not None:
                seconds += rate * units
            elif units and kind not in unknown:
                unknown.append(kind)
        words = f"about {duration(seconds)}" if seconds else ""
        if unknown:
            beside = f"{', '.join(unknown)}: not measured yet"
            words = f"{words}, and {beside}" if words else beside
        return words or "nothing"


def duration(seconds: float) -> str:
    """Return a time in words: seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
