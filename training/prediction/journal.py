"""A prediction's journal on disk, one line per image, so that a killed prediction can continue."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.prediction.image import PredictedImage
from training.support.appended_line import append_line
from training.support.user_error import UserError
from training.support.whole_file import write_whole

FILE = "progress.jsonl"
_ENTRY = {"name", "file", "predicted"}


class PredictionJournal:
    """A record of predicted images by name; entries of changed images or missing files do not count."""

    def __init__(self, output: Path, job: dict[str, Any], resume: bool) -> None:
        """Read the journal. Raises UserError if it belongs to another job (model, settings) or cannot be written."""
        job = json.loads(json.dumps(job))
        self._output = output
        self._path = output / FILE
        self._done: dict[str, dict[str, Any]] = {}
        lines = self._lines() if resume else []
        differing = [key for key in {**lines[0], **job} if lines[0].get(key) != job.get(key)] if lines else []
        if differing:
            raise UserError(
                f"{output} holds predictions with another {differing[0]}; choose another output, or resume=false"
            )
        for line in lines[1:]:
            self._done[line["name"]] = line
        kept = [job, *self._done.values()]
        write_whole(self._path, "".join(json.dumps(line) + "\n" for line in kept).encode())

    def find(self, name: str, path: Path) -> PredictedImage | None:
        """Return the recorded prediction of an image, or None if it no longer holds."""
        line = self._done.get(name)
        if line is None or line["file"] != _stamp(path):
            return None
        files = [line["predicted"]["row"][part] for part in ("map", "mask", "overlay")]
        if not all((self._output / file).is_file() for file in files if file):
            return None
        return PredictedImage(**line["predicted"])

    def add(self, name: str, path: Path, predicted: PredictedImage) -> None:
        """Record an image; the entry is on the disk when this returns. Raises UserError."""
        line = {"name": name, "file": _stamp(path), "predicted": asdict(predicted)}
        append_line(self._path, line)

    def _lines(self) -> list[dict[str, Any]]:
        """Return the complete lines; a killed process may have left half of one."""
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
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
