"""Checkpoints of an unfinished run: arrays and a JSON state in one atomic file."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from training.model.file import differing_field
from training.support.user_error import UserError
from training.support.whole_file import write_whole

FILE_NAME = "checkpoint.safetensors"
FORMAT = "stainless-checkpoint"
VERSION = 2
_KEY = "stainless"

Tensors = dict[str, NDArray[Any]]


class Checkpoint:
    """The checkpoint file of one job; only the same job can be continued from it."""

    def __init__(self, path: Path, job: dict[str, Any], seconds: float) -> None:
        self.path = path
        self.job = json.loads(json.dumps(job))  # the form in which the file returns it
        self.seconds = seconds
        self._written = time.monotonic()

    def is_due(self) -> bool:
        """Return whether at least ``seconds`` have passed since the last write."""
        return time.monotonic() - self._written >= self.seconds

    def save(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Write arrays and the JSON state in one atomic file."""
        full = {"format": FORMAT, "version": VERSION, "job": self.job, "state": state, "sha256": _sha256(tensors)}
        metadata = {_KEY: json.dumps(full, allow_nan=False)}
        write_whole(self.path, safetensors.numpy.save(tensors, metadata=metadata))
        self._written = time.monotonic()

    def load(self) -> tuple[Tensors, dict[str, Any]] | None:
        """Return tensors and state, or None if there is no file.

        Raises UserError for a damaged file and for the checkpoint of another job.
        """
        if not self.path.is_file():
            return None
        again = "delete it, or start again with checkpoint.resume=false"
        try:
            with safe_open(self.path, framework="numpy") as file:
                full = json.loads((file.metadata() or {}).get(_KEY, "{}"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is not a dict
        except (OSError, SafetensorError, ValueError) as error:
            raise UserError(f"{self.path} cannot be read as a checkpoint ({error}); {again}") from error
        if (full.get("format"), full.get("version")) != (FORMAT, VERSION):
            found = f"{full.get('format')} version {full.get('version')}"
            raise UserError(f"{self.path} is {found}; this program reads {FORMAT} version {VERSION}; {again}")
        if full["sha256"] != _sha256(tensors):
            raise UserError(f"{self.path} is damaged: its arrays do not match the recorded hash; {again}")
        difference = differing_field(full["job"], self.job)
        if difference is not None:
            field, stored, present = difference
            raise UserError(
                f"{self.path} belongs to another run: {field} was {stored} and is now {present}; "
                "choose another name, or start again with checkpoint.resume=false"
            )
        return tensors, full["state"]

    def with_advice(self, error: UserError) -> UserError:
        """Return the error with a note on where the collected state is kept and how to continue."""
        return UserError(
            f"{error}; the state so far is kept in {self.path}: run the same command again to continue, or "
            "set checkpoint.resume=false to start again"
        )

    def remove(self) -> None:
        """Delete the file and any temporary files that a killed process left beside it."""
        self.path.unlink(missing_ok=True)
        for leftover in self.path.parent.glob(f".{self.path.name}.*"):
            leftover.unlink()


def _sha256(tensors: Tensors) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].shape} {tensors[name].dtype};".encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()
