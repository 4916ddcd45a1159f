"""A run's folder: owned by one run at a time, with its configuration and its log; a refused command leaves none."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from training.support.user_error import UserError

CONFIG_FOLDER = ".hydra"
_LOCK = ".lock"
_LINE = "[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"  # Hydra's own


@contextmanager
def own_run_folder(cfg: DictConfig, results: Sequence[str]) -> Iterator[Path]:
    """Yield the folder of Hydra's run, which no other process uses until the block ends.

    ``results`` are the names of files that a finished run has. The configuration is written into .hydra/ at once, or,
    if the folder holds a finished run, when this one has ended. The log goes to <job>.log. A mistake that leaves
    nothing in the folder leaves no configuration and no log. Raises UserError if another run uses the folder.
    """
    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir)
    with _locked(folder):
        finished = any((folder / name).exists() for name in results)
        if not finished:
            _write_config(cfg, folder)
        before = _content(folder, hydra.job.name)
        with logged_to(folder / f"{hydra.job.name}.log") as log_size:
            try:
                yield folder
            except BaseException:
                if _content(folder, hydra.job.name) == before:
                    _forget(folder, f"{hydra.job.name}.log", log_size, keep_config=finished or bool(before))
                raise
        if finished:
            _write_config(cfg, folder)


@contextmanager
def logged_to(path: Path) -> Iterator[int]:
    """Append the log to a file within the block; yield the file's size before."""
    size = path.stat().st_size if path.exists() else 0
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(_LINE))
    logging.getLogger().addHandler(handler)
    try:
        yield size
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the file is removed at the end."""
    lock = FileLock(folder / _LOCK)
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(f"another run is writing to {folder}; wait for it, or choose another name=") from None
        except FileNotFoundError:  # the folder of a refused run was removed in between
            continue
        if _is_current(lock):
            break
        lock.release()
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file
            (folder / _LOCK).unlink()
        lock.release()
        with suppress(OSError):
            (folder / _LOCK).unlink()


def _is_current(lock: FileLock) -> bool:
    """Return whether the locked file is still the one of that name: the last owner removes it."""
    descriptor = lock._context.lock_file_fd
    try:
        return descriptor is not None and os.path.samestat(os.fstat(descriptor), os.stat(lock.lock_file))  # noqa: PTH116
    except FileNotFoundError:
        return False


def _write_config(cfg: DictConfig, folder: Path) -> None:
    """Write the composed configuration, Hydra's own and the overrides, as Hydra does by default."""
    hydra = HydraConfig.get()
    documents = {
        "config": cfg,
        "hydra": OmegaConf.create({"hydra": OmegaConf.to_container(hydra, resolve=False)}),
        "overrides": hydra.overrides.task,
    }
    (folder / CONFIG_FOLDER).mkdir(exist_ok=True)
    for name, document in documents.items():
        OmegaConf.save(document, folder / CONFIG_FOLDER / f"{name}.yaml")


def _content(folder: Path, job: str) -> set[str]:
    return {path.name for path in folder.iterdir()} - {CONFIG_FOLDER, _LOCK, f"{job}.log"}


def _forget(folder: Path, log: str, log_size: int, *, keep_config: bool) -> None:
    """Remove what a refused run wrote; the log of an earlier one stays."""
    if not keep_config:
        for name in ("config", "hydra", "overrides"):
            (folder / CONFIG_FOLDER / f"{name}.yaml").unlink(missing_ok=True)
        with suppress(OSError):
            (folder / CONFIG_FOLDER).rmdir()
    if log_size:
        os.truncate(folder / log, log_size)
    else:
        (folder / log).unlink(missing_ok=True)
