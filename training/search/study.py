"""A study in a SQLite store: opened or continued, its unfinished trials, and its results."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from training.search.settings import SearchSettings
from training.support.user_error import UserError

if TYPE_CHECKING:
    from optuna import Study, Trial

_SQLITE = "sqlite:///"
BEGUN_WITH = "begun with"


@contextmanager
def opened_study(settings: SearchSettings, begun_with: dict[str, Any]) -> Iterator["Study"]:
    """Yield the study of the settings, which no other process uses until the block ends.

    ``begun_with`` is what all trials must share. Raises UserError if the study was begun with something else, if
    another process has it, or if the store cannot be used.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if not settings.store.startswith(_SQLITE):
        raise UserError(f"hydra.sweeper.store={settings.store}: give a SQLite file, sqlite:///runs/optuna.db")
    file = Path(settings.store.removeprefix(_SQLITE)).absolute()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{file}.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"another search uses {file}; wait for it, or choose another hydra.sweeper.store") from None
    except OSError as error:
        raise UserError(f"hydra.sweeper.store={settings.store}: {error.strerror or error}") from error
    try:
        yield _opened(settings, f"{_SQLITE}{file}", begun_with)
    finally:
        lock.release()


def _opened(settings: SearchSettings, store: str, begun_with: dict[str, Any]) -> "Study":
    import optuna

    try:
        study = optuna.create_study(
            storage=store,
            study_name=settings.study,
            direction=optuna.study.StudyDirection[settings.direction.upper()],
            load_if_exists=True,
        )
    except Exception as error:  # SQLAlchemy's, and those of the database behind it
        raise UserError(f"hydra.sweeper.store={settings.store} is no study store: {type(error).__name__}") from error
    # After a kill the sampler goes on with other numbers than those it has already drawn.
    study.sampler = optuna.samplers.TPESampler(seed=settings.seed + len(study.trials), constant_liar=settings.batch > 1)
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=settings.startup_trials)
    before = study.user_attrs.get(BEGUN_WITH)
    if before is None:
        study.set_user_attr(BEGUN_WITH, begun_with)
    elif before != begun_with:
        field = next(name for name in begun_with if before.get(name) != begun_with[name])
        raise UserError(
            f"study {settings.study} was begun with {field} {before.get(field)}, it is now {begun_with[field]}; "
            "choose another name= or hydra.sweeper.study="
        )
    return study


def unfinished_trials(study: "Study") -> list["Trial"]:
    """Return the trials that a killed search left running, in their order."""
    import optuna

    left = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
    return [optuna.trial.Trial(study, trial._trial_id) for trial in left]


def results(study: "Study") -> dict[str, Any]:
    """Return the study's counts by state, and the best trial's number, value and settings, if there is one."""
    states = [trial.state.name.lower() for trial in study.trials]
    counts = {state: states.count(state) for state in ("complete", "pruned", "fail")}
    document: dict[str, Any] = {"study": study.study_name, "trials": counts, "best": None}
    if counts["complete"]:
        best = study.best_trial
        document["best"] = {"trial": best.number, "value": best.value, "settings": best.params}
    return document
