"""Tracking of a command's run (conf/tracking): after its success, its run folder is read and recorded."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig

from training.support.user_error import UserError
from training.tracking.settings import MLFLOW, read_tracking_settings

log = logging.getLogger(__name__)


@contextmanager
def tracked(cfg: DictConfig, folder: Path) -> Iterator[None]:
    """Record the run in ``folder`` when the block has ended without an error; do nothing without tracking.

    Raises UserError at once if the tool is not installed, and after the block if its store cannot be used. The results
    in the run folder are complete then.
    """
    settings = read_tracking_settings(cfg)
    yield
    if settings is None:
        return
    # imported here: most runs are not tracked
    from training.tracking.event_files import write_event_files
    from training.tracking.mlflow_store import write_to_mlflow
    from training.tracking.tracked_run import read_tracked_run

    try:
        run = read_tracked_run(cfg, folder)
        where = write_to_mlflow(run, settings) if settings.tool == MLFLOW else write_event_files(run, settings)
    except Exception as error:  # the tools raise errors of many kinds, and those of the databases behind them
        message = " ".join(str(error).split())[:300]
        shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
        raise UserError(
            f"{shown} is complete, but tracking.store={settings.store} failed: {type(error).__name__}: {message}"
        ) from error
    log.info("Tracked by %s in %s as %s (%s)", settings.tool, settings.store, run.name, where)
