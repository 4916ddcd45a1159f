"""Failed rows of a sweep: each is recorded in its own process, and all are named at the end."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from training.support.user_error import UserError
from training.support.whole_file import write_json

log = logging.getLogger(__name__)

FOLDER = "failed"
DEFECT, USER_MISTAKE = 1, 2
_MISTAKES = (UserError, HydraException, OmegaConfBaseException, OSError)


class SweepRecord(Callback):
    """Hydra's callback (conf/hydra/default.yaml); launchers send a copy to the process of each row."""

    def __init__(self) -> None:
        self.folder: Path | None = None

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Choose the folder of this sweep's failure records, and delete those of an earlier sweep of its name."""
        self.folder = Path(config.hydra.sweep.dir).resolve() / FOLDER
        for path in self.folder.glob("*.json"):
            path.unlink()

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Record a row's failure, and let Hydra continue as after a success.

        Hydra would otherwise end the sweep's report at the first failure.
        """
        if self.folder is None or job_return.status != JobStatus.FAILED:
            return
        error = job_return._return_value  # the property would raise the exception
        is_mistake = isinstance(error, _MISTAKES)
        message = " ".join(str(error).split()) if is_mistake else f"{type(error).__name__}: {error}"
        row = config.hydra.runtime.choices.get("experiment") or f"row {config.hydra.job.num}"
        log.error("%s failed: %s", row, message, exc_info=None if is_mistake else error)
        overrides = OmegaConf.to_container(config.hydra.overrides.task)
        record = {"row": row, "message": message, "mistake": is_mistake, "overrides": overrides}
        write_json(self.folder / f"{config.hydra.job.num}.json", record)
        job_return.return_value, job_return.status = None, JobStatus.COMPLETED

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:  # noqa: ARG002
        """Exit with one line that names the failed rows, if any.

        The status is 2, or 1 if a row failed by a defect of the program, whose traceback is in the log.
        """
        paths = [] if self.folder is None else sorted(self.folder.glob("*.json"), key=lambda path: int(path.stem))
        records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        if records:
            print(f"error: {failures_in_words(records)}", file=sys.stderr)
            sys.exit(USER_MISTAKE if all(record["mistake"] for record in records) else DEFECT)


def failures_in_words(records: list[dict[str, Any]]) -> str:
    """Return the failed rows and their causes in one line, every cause once."""
    rows_of: dict[str, list[str]] = {}
    for record in records:
        rows_of.setdefault(record["message"], []).append(record["row"])
    causes = "; ".join(f"{', '.join(rows)}: {message}" for message, rows in rows_of.items())
    number = "1 row" if len(records) == 1 else f"{len(records)} rows"
    return f"{number} of the sweep failed, the others are finished ({causes})"
