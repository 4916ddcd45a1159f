"""Checkpoints of an unfinished collection: whole images only, in one file that appears whole or not at all."""

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
VERSION = 1
_KEY = "stainless"
_TENSORS = ("members", "reservoir")

Tensors = dict[str, NDArray[np.float32]]


class Checkpoint:
    """The checkpoint file of one job: what it is about must match before it is continued."""

    def __init__(self, path: Path, job: dict[str, Any], seconds: float) -> None:
        self.path = path
        self.job = json.loads(json.dumps(job))  # as it comes back from the file
        self.seconds = seconds
        self._written = time.monotonic()

    def is_due(self) -> bool:
        """Whether the last writing is ``seconds`` ago."""
        return time.monotonic() - self._written >= self.seconds

    def save(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Write members and reservoir (each float32 (N, C)) and the state (JSON) whole."""
        full = {"format": FORMAT, "version": VERSION, "job": self.job, "state": state, "sha256": _sha256(tensors)}
        metadata = {_KEY: json.dumps(full, allow_nan=False)}
        write_whole(self.path, safetensors.numpy.save(tensors, metadata=metadata))
        self._written = time.monotonic()

    def load(self) -> tuple[Tensors, dict[str, Any]] | None:
        """Return tensors and state, or None where there is no file; raises UserError for a damaged file or that of
        another job.
        """
        if not self.path.is_file():
            return None
        again = "delete it, or start anew with checkpoint.resume=false"
        try:
            with safe_open(self.path, framework="numpy") as file:
                full = json.loads((file.metadata() or {}).get(_KEY, "{}"))
                tensors = {name: file.get_tensor(name) for name in _TENSORS}
        except (OSError, SafetensorError, ValueError) as error:
            raise UserError(f"{self.path} cannot be read as a checkpoint ({error}); {again}") from error
        if (full.get("format"), full.get("version")) != (FORMAT, VERSION):
            found = f"{full.get('format')} version {full.get('version')}"
            raise UserError(f"{self.path} is {found}; this program reads {FORMAT} version {VERSION}; {again}")
        if full["sha256"] != _sha256(tensors):
            raise UserError(f"{self.path} is damaged: its numbers do not have the recorded hash; {again}")
        difference = differing_field(full["job"], self.job)
        if difference is not None:
            field, stored, present = difference
            raise UserError(
                f"{self.path} is of another run: {field} was {stored} and is {present} now; "
                "choose another name, or start anew with checkpoint.resume=false"
            )
        return tensors, full["state"]

    def told(self, error: UserError) -> UserError:
        """Return an error that also says what is kept."""
        return UserError(
            f"{error}; what was collected so far is kept in {self.path}: give the same command again to continue, or "
            "checkpoint.resume=false to start anew"
        )

    def remove(self) -> None:
        """Delete the file, and what a killed writer left beside it; the run is finished, or starts anew."""
        self.path.unlink(missing_ok=True)
        for left in self.path.parent.glob(f".{self.path.name}.*"):
            left.unlink()


def _sha256(tensors: Tensors) -> str:
    digest = hashlib.sha256()
    for name in _TENSORS:
        digest.update(f"{name} {tensors[name].shape} {tensors[name].dtype};".encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()
