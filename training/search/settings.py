"""Settings of a search (conf/hydra/sweeper/optuna.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.support.user_error import UserError

DIRECTIONS = ("maximize", "minimize")


@dataclass(frozen=True)
class Rungs:
    """The setting that limits a training, and its values at which a trial is judged, the full training last."""

    setting: str
    values: tuple[int, ...]


@dataclass(frozen=True)
class SearchSettings:
    """A study, its store, what it counts as better, and how long it goes on."""

    study: str
    store: str
    trials: int
    batch: int
    objective: str
    direction: str
    seed: int
    startup_trials: int
    rungs: Rungs | None
    params: dict[str, str]


def read_search_settings(values: Mapping[str, Any]) -> SearchSettings:
    """Read the sweeper's composed config. Raises UserError for a wrong setting, and for an objective on test images."""
    objective, direction = str(values["objective"]), str(values["direction"])
    if objective.split(".", maxsplit=1)[0] in ("test", "train"):
        raise UserError(
            f"hydra.sweeper.objective={objective}: a search is judged on validation images, never on those of "
            f"{objective.split('.', maxsplit=1)[0]}; take validation.f1"
        )
    if direction not in DIRECTIONS:
        raise UserError(f"hydra.sweeper.direction={direction} is none of {', '.join(DIRECTIONS)}")
    numbers = {name: values[name] for name in ("trials", "batch", "startup_trials", "seed")}
    for name, least in (("trials", 1), ("batch", 1), ("startup_trials", 1), ("seed", 0)):
        if not isinstance(numbers[name], int) or numbers[name] < least:
            raise UserError(f"hydra.sweeper.{name}={numbers[name]} is no whole number of at least {least}")
    return SearchSettings(
        study=str(values["study"]),
        store=str(values["store"]),
        objective=objective,
        direction=direction,
        rungs=_read_rungs(values["rungs"]),
        params={str(key): str(value) for key, value in (values["params"] or {}).items()},
        **numbers,
    )


def _read_rungs(rungs: Mapping[str, Any] | None) -> Rungs | None:
    if rungs is None:
        return None
    try:
        setting, values = str(rungs["setting"]), tuple(rungs["values"])
    except (KeyError, TypeError) as error:
        raise UserError("hydra.sweeper.rungs needs {setting: coreset.epochs, values: [1, 3]}") from error
    rising = all(isinstance(value, int) for value in values) and list(values) == sorted(set(values))
    if len(values) < 2 or not rising or values[0] < 1:
        raise UserError(f"hydra.sweeper.rungs.values={list(values)}: give two rising whole numbers or more")
    return Rungs(setting, values)
