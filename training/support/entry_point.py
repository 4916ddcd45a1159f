"""Common parts of all Hydra entry points: the place of conf/, and the exit status."""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from training.support.free_memory import keep_freed_memory
from training.support.library_errors import advice_on
from training.support.new_folders import remove_empty_folders
from training.support.settings_schema import check_settings
from training.support.typed_overrides import as_typed, correctly_quoted
from training.support.user_error import UserError

CONF_FOLDER = Path(__file__).resolve().parents[2] / "conf"

THREADS_AND_CACHES = {
    # Waiting threads sleep: spinning threads made inference ten times slower on two busy cores.
    "OMP_WAIT_POLICY": "PASSIVE",
    # oneDNN caches compiled kernels for every image size, 1024 by default: 1 GB for images of many sizes.
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64",
}
USER_MISTAKE = 2
INTERRUPTED = 130


def run(config_name: str, task: Callable[[DictConfig], None]) -> None:
    """Compose ``conf/<config_name>.yaml`` with the command line, call ``task(cfg)``, and exit.

    Exit status: 0 success; 2 a user's mistake (``UserError``, a wrong override, a folder that cannot be written),
    reported in one line on stderr; 130 interrupted. Any other exception is a defect of the program and keeps its
    traceback.
    """
    settle_threads()
    keep_freed_memory()
    sys.argv[1:] = as_typed(sys.argv[1:])
    try:
        with _hydra_raises():
            hydra.main(version_base="1.3", config_path=str(CONF_FOLDER), config_name=config_name)(_plain_exit(task))()
            sys.stdout.flush()
    except KeyboardInterrupt:
        _leave("interrupted", INTERRUPTED)
    except UserError as error:
        _leave(f"error: {one_line(error)}", USER_MISTAKE)
    except OverrideParseException as error:
        _leave(f"error: {one_line(error)}{_advice(error.override)}", USER_MISTAKE)
    except (HydraException, OmegaConfBaseException) as error:
        _leave(f"error: {one_line(error)} (--help lists what can be set)", USER_MISTAKE)
    except BrokenPipeError:  # the reader closed the pipe, as in --help | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        advice = advice_on(error)
        if advice is not None:
            _leave(f"error: {advice}", USER_MISTAKE)
        _leave(f"error: cannot use {error.filename or 'a file'}: {error.strerror or error}", USER_MISTAKE)
    except Exception as error:
        advice = advice_on(error)
        if advice is None:
            raise
        remove_empty_folders()
        _leave(f"error: {advice}", USER_MISTAKE)
    sys.exit(0)


def _advice(override: str) -> str:
    text = correctly_quoted(override)
    return " (--help lists what can be set)" if text is None else f"; if the value is meant as text: {text}"


def settle_threads() -> None:
    """Set THREADS_AND_CACHES in the environment, except those that the user has set.

    torch reads them when it is first imported.
    """
    for name, value in THREADS_AND_CACHES.items():
        os.environ.setdefault(name, value)


def one_line(error: Exception) -> str:
    """Return an exception's message on one line, without Hydra's search path and OmegaConf's notes on types."""
    message = str(error).split("Config search path:")[0]
    lines = [line.strip().replace("\t", " ") for line in message.splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("full_key:", "object_type=")))


def _plain_exit(task: Callable[[DictConfig], None]) -> Callable[[DictConfig], None]:
    """Return the task with settings checks and plain error messages.

    In a single run, a user's mistake or a library's error with advice leaves Hydra as an exit, so that Hydra adds no
    lines. In a sweep it is raised, and the other rows still run.
    """

    @functools.wraps(task)
    def wrapped(cfg: DictConfig) -> None:
        try:
            check_settings(cfg)
            task(cfg)
        except (UserError, OmegaConfBaseException) as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                remove_empty_folders(Path(HydraConfig.get().runtime.output_dir))
                raise
            remove_empty_folders()
            _leave(f"error: {one_line(error)}", USER_MISTAKE)
        except Exception as error:
            advice = advice_on(error)
            if advice is None or HydraConfig.get().mode == RunMode.MULTIRUN:
                raise
            remove_empty_folders()
            _leave(f"error: {advice}", USER_MISTAKE)

    return wrapped


@contextmanager
def _hydra_raises() -> Iterator[None]:
    """Make Hydra raise exceptions; without this variable it prints them and exits with 1."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before


def _leave(message: str, status: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(status)
