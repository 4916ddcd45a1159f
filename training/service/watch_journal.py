"""The results of a watched folder: JSON lines, which are the journal, and the table made from them.

A picture counts as judged when its line is on the disk. A line that a killed process left half is removed.
"""

import csv
import hashlib
import io
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.service.arrivals import Stamp
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole

JOURNAL, TABLE, DESCRIPTION = "results.jsonl", "results.csv", "watch.json"
FORMAT, VERSION = "stainless-watch", 1
COLUMNS = (
    *("number", "image", "time", "score", "decision", "findings", "finding_pixels", "largest_finding", "threshold"),
    *("seconds", "width", "height", "map", "scale", "mask", "overlay", "drift", "error"),
)


class WatchJournal:
    """The judged pictures of an output folder, on the disk line by line."""

    def __init__(self, output: Path, job: dict[str, Any], drift: dict[str, Any], window: int) -> None:
        """Read what earlier processes judged, and write the table anew from it.

        ``job`` is what results depend on; ``drift`` is written beside it for the report. The statistics of the last
        ``window`` pictures are kept. Raises UserError if the folder holds results of another job or is damaged.
        """
        self._output, self._path = output, output / JOURNAL
        self._known: set[bytes] = set()
        self.last_statistics: deque[dict[str, float]] = deque(maxlen=window)
        self.count = self.anomalous = self.broken = 0
        job = json.loads(json.dumps(job))
        self._check_job(job)
        if self._path.exists():
            self._cut_half_line()
        table = io.StringIO()
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(COLUMNS)
        for line in _lines(self._path):
            self._count(line)
            rows.writerow(_row(line))
        write_json(output / DESCRIPTION, {"format": FORMAT, "version": VERSION, "job": job, "drift": drift})
        write_whole(output / TABLE, table.getvalue().encode())

    def holds(self, name: str, stamp: Stamp) -> bool:
        """Return True if the picture of this name and stamp is judged."""
        return _digest(name, stamp) in self._known

    def add(self, line: dict[str, Any]) -> dict[str, Any]:
        """Record a judged picture under the next number; return the line. It is on the disk when this returns.

        Raises UserError if the folder cannot be written.
        """
        line = {"number": self.count + 1, **line}
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerow(_row(line))
        try:
            with self._path.open("ab") as file:
                file.write((json.dumps(line, allow_nan=False) + "\n").encode())
                file.flush()
                os.fsync(file.fileno())
            with (self._output / TABLE).open("ab") as file:
                file.write(table.getvalue().encode())
        except OSError as error:
            raise UserError(f"cannot write {error.filename or self._path}: {error.strerror}") from error
        self._count(line)
        return line

    def _count(self, line: dict[str, Any]) -> None:
        self.count += 1
        self.anomalous += line["decision"] == "anomalous"
        self.broken += line["error"] != ""
        self._known.add(_digest(line["image"], Stamp(*line["file"])))
        if line["statistics"]:
            self.last_statistics.append(line["statistics"])

    def _check_job(self, job: dict[str, Any]) -> None:
        try:
            earlier = json.loads((self._output / DESCRIPTION).read_text("utf-8"))["job"]
        except FileNotFoundError:
            if self._path.exists():
                raise UserError(f"{self._path} is there without {DESCRIPTION}; choose another output") from None
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{self._output / DESCRIPTION} cannot be read: {error!r}; choose another output") from error
        if earlier != job:
            other = next((key for key in job if earlier.get(key) != job[key]), "job")
            raise UserError(f"{self._output} holds results with another {other}; choose another output")

    def _cut_half_line(self) -> None:
        """Remove what follows the last line end: the line that a killed process was writing."""
        with self._path.open("rb+") as file:
            size = end = file.seek(0, os.SEEK_END)
            while end > 0:
                start = max(end - 65536, 0)
                file.seek(start)
                place = file.read(end - start).rfind(b"\n")
                if place >= 0:
                    end = start + place + 1
                    break
                end = start
            if end < size:
                file.truncate(end)


@dataclass(frozen=True)
class WatchedFolder:
    """The output of a watch, for those that read it: its description (``watch.json``) and where its lines are."""

    output: Path
    drift: dict[str, Any]
    """The model's reference (None without one), the settings and the limits of each statistic."""

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the results in order. Raises UserError for a damaged line."""
        return _lines(self.output / JOURNAL)


def read_watched_folder(output: Path) -> WatchedFolder:
    """Read the description of a watch's output. Raises UserError for another folder, and for another version."""
    path = output / DESCRIPTION
    try:
        document = json.loads(path.read_text("utf-8"))
        known = (document["format"], document["version"]) == (FORMAT, VERSION)
        drift = {name: document["drift"][name] for name in ("reference", "settings", "limits")}
    except FileNotFoundError:
        raise UserError(f"{output} holds no results of training.watch: there is no {DESCRIPTION}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read: {error!r}") from error
    if not known:
        raise UserError(f"{path} is not of {FORMAT} version {VERSION}")
    return WatchedFolder(output, drift)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            try:
                line = json.loads(text)
                usable = {"image", "file", "decision", "error", "statistics"} <= line.keys()
            except (ValueError, AttributeError):
                usable = False
            if not usable:
                raise UserError(f"{path}, line {number} is damaged; restore the file, or choose another output")
            yield line


def _row(line: dict[str, Any]) -> list[Any]:
    shown = {**line, "drift": line["drift"]["state"] if line["drift"] else ""}
    return [shown.get(name, "") for name in COLUMNS]


def _digest(name: str, stamp: Stamp) -> bytes:
    return hashlib.blake2b(f"{name}\0{stamp.size}\0{stamp.changed_ns}".encode(), digest_size=16).digest()
