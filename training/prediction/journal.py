"""What a prediction has done so far, on disk: a line an image, so that a killed one continues."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.prediction.image import PredictedImage
from training.support.user_error import UserError
from training.support.whole_file import write_whole

FILE = "progress.jsonl"
_ENTRY = {"name", "file", "predicted"}


class PredictionJournal:
    """Remembers predicted images by name; an image that changed since, or whose files are gone, is forgotten."""

    def __init__(self, output: Path, job: dict[str, Any], resume: bool) -> None:
        """Read what there is. Raises UserError where it is of another job (model, settings), or cannot be written."""
        job = json.loads(json.dumps(job))
        self._output = output
        self._path = output / FILE
        self._done: dict[str, dict[str, Any]] = {}
        lines = self._lines() if resume else []
        if lines and lines[0] != job:
            other = next(key for key in job if lines[0].get(key) != job[key])
            raise UserError(f"{output} holds predictions with another {other}; choose another output, or resume=false")
        for line in lines[1:]:
            self._done[line["name"]] = line
        kept = [job, *self._done.values()]
        write_whole(self._path, "".join(json.dumps(line) + "\n" for line in kept).encode())

    def find(self, name: str, path: Path) -> PredictedImage | None:
        """Return what was predicted of an image, if it still holds."""
        line = self._done.get(name)
        if line is None or line["file"] != _stamp(path):
            return None
        files = [line["predicted"]["row"][part] for part in ("map", "mask", "overlay")]
        if not all((self._output / file).is_file() for file in files if file):
            return None
        return PredictedImage(**line["predicted"])

    def add(self, name: str, path: Path, predicted: PredictedImage) -> None:
        """Note an image down; it is on the disk when this returns. Raises UserError."""
        line = {"name": name, "file": _stamp(path), "predicted": asdict(predicted)}
        try:
            with self._path.open("ab") as file:
                file.write((json.dumps(line) + "\n").encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UserError(f"cannot write {self._path}: {error.strerror}") from error

    def _lines(self) -> list[dict[str, Any]]:
        """The lines that are whole: a killed process may have left half of one."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UserError(f"cannot read {self._path}: {error.strerror}") from error
        found: list[dict[str, Any]] = []
        for line in text.splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                break
            if not isinstance(entry, dict) or not (found == [] or entry.keys() >= _ENTRY):
                break
            found.append(entry)
        return found


def _stamp(path: Path) -> list[int]:
    told = path.stat()
    return [told.st_size, told.st_mtime_ns]
