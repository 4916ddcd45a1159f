"""Folders that Hydra makes before a command is checked: those of a refused command are removed again."""

from pathlib import Path
from typing import Any, ClassVar

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

_SWEEP = "multirun.yaml"


class NewFolders(Callback):
    """Hydra's callback (conf/hydra/default.yaml) that remembers which folders of a run did not exist before it."""

    made: ClassVar[list[Path]] = []

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Remember the missing folders of a single run, the innermost first."""
        folder = Path(config.hydra.run.dir).absolute()
        NewFolders.made = [path for path in (folder, *folder.parents) if not path.exists()]

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Remember the missing folders of a sweep, the innermost first."""
        folder = Path(config.hydra.sweep.dir).absolute()
        NewFolders.made = [path for path in (folder, *folder.parents) if not path.exists()]


def remove_empty_folders(run: Path | None = None) -> None:
    """Remove the folders that Hydra made for this command, or the folder of a sweep's row, if they are empty."""
    for folder in NewFolders.made[:1]:
        if not {path.name for path in folder.glob("*")} - {_SWEEP}:
            (folder / _SWEEP).unlink(missing_ok=True)  # Hydra writes it before it starts a launcher
    for folder in [*([run] if run else []), *NewFolders.made]:
        try:
            folder.rmdir()
        except OSError:  # not empty, or gone
            return
