"""Results of an earlier run of the same name in a run folder."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from training.model.file import FILE_NAME
from training.support.user_error import UserError

log = logging.getLogger(__name__)

_RESULTS = (FILE_NAME, "training.json", "suspects.csv", "evaluation")
_PREVIOUS = "previous"


def move_to_previous(folder: Path, sources: Sequence[Path] = ()) -> None:
    """Move the results of a finished run in ``folder`` to ``folder/previous`` before another run of its name starts.

    Results never stay beside settings that did not make them. Raises UserError if one of ``sources`` is that run.
    """
    if not (folder / FILE_NAME).exists():
        return
    if any((source / FILE_NAME if source.is_dir() else source).samefile(folder / FILE_NAME) for source in sources):
        raise UserError(f"{folder} is a source of this run; choose another name")
    previous = folder / _PREVIOUS
    shutil.rmtree(previous, ignore_errors=True)
    previous.mkdir()
    for name in _RESULTS:
        if (folder / name).exists():
            (folder / name).rename(previous / name)
    log.warning("The results of the earlier run of this name are now in %s", previous)
