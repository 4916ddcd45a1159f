"""What an earlier run of the same name left in a run folder."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from training.model.file import FILE_NAME
from training.support.user_error import UserError

log = logging.getLogger(__name__)

_RESULTS = (FILE_NAME, "training.json", "evaluation")
_PREVIOUS = "previous"


def set_aside(folder: Path, sources: Sequence[Path] = ()) -> None:
    """Move what a finished run left in ``folder`` to ``folder/previous``, before another one of its name begins: no
    result stays beside settings that did not make it.

    Raises UserError where one of ``sources`` is that run.
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
    log.warning("The results of the earlier run of this name are in %s now", previous)
