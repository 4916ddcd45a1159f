"""Results of an earlier run of the same name in a run folder."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from training.model.file_header import FILE_NAMES
from training.support.run_folder import CONFIG_FOLDER
from training.support.user_error import UserError

log = logging.getLogger(__name__)

RESULTS = (*FILE_NAMES, "training.json", "suspects.csv", "forgotten.json", "evaluation")
_PREVIOUS = "previous"


def refuse_own_source(folder: Path, sources: Sequence[Path]) -> None:
    """Raise UserError if one of ``sources`` is the finished run in ``folder``, which this run would replace."""
    finished = [folder / name for name in FILE_NAMES if (folder / name).exists()]
    files = [source / name for source in sources for name in FILE_NAMES if source.is_dir()]
    files += [source for source in sources if source.is_file()]
    if any(file.samefile(own) for file in files if file.exists() for own in finished):
        raise UserError(f"{folder} is a source of this run; choose another name")


def move_to_previous(folder: Path) -> None:
    """Move the results of a finished run in ``folder``, and their configuration, to ``folder/previous``.

    It is called when another run of its name is complete: until then the earlier results stay, and results never lie
    beside settings that did not make them.
    """
    if not any((folder / name).exists() for name in FILE_NAMES):
        return
    previous = folder / _PREVIOUS
    shutil.rmtree(previous, ignore_errors=True)
    previous.mkdir()
    for name in (*RESULTS, CONFIG_FOLDER):
        if (folder / name).exists():
            (folder / name).rename(previous / name)
    log.warning("The results of the earlier run of this name are now in %s", previous)
