"""Hydra's sweeper for a search with Optuna: trials are rows of a sweep, judged by a figure of their run folders."""

import logging
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from training.search.search_space import as_override, read_search_space
from training.search.settings import SearchSettings, read_search_settings
from training.support.user_error import UserError
from training.support.whole_file import write_json
from training.tracking.figures import TRAINING, training_figures

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution

log = logging.getLogger(__name__)

RESULTS = "search.json"
Space = dict[str, "BaseDistribution"]


class StudySweeper(Sweeper):
    """A sweeper that asks a study for trials, launches them and tells it their figures."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra hands over, and make the launcher."""
        self._config = config
        self._context = hydra_context
        self._launcher = Plugins.instance().instantiate_launcher(
            config=config, hydra_context=hydra_context, task_function=task_function
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run trials until the study has as many as asked for; write search.json. Raises UserError."""
        if find_spec("optuna") is None:
            raise UserError("hydra/sweeper=optuna needs optuna: uv sync --extra optuna, or uv tool install '.[optuna]'")
        from training.search.study import opened_study, results, unfinished_trials

        settings = read_search_settings(self._values)
        parser = OverridesParser.create(config_loader=self._context.config_loader)
        declared = [f"{setting}={values}" for setting, values in settings.params.items()]
        space, fixed = read_search_space([*declared, *arguments], parser)
        if settings.rungs is not None and settings.rungs.setting in space:
            raise UserError(
                f"{settings.rungs.setting} is searched and is the setting of hydra.sweeper.rungs; choose one"
            )
        begun_with = {
            "objective": f"{settings.direction} {settings.objective}",
            "settings": sorted(override for override in fixed if not override.startswith("device=")),
            "space": {setting: str(distribution) for setting, distribution in sorted(space.items())},
            "rungs": None if settings.rungs is None else f"{settings.rungs.setting} {list(settings.rungs.values)}",
        }
        folder = Path(self._config.hydra.sweep.dir)
        with opened_study(settings, begun_with) as study:
            folder.mkdir(parents=True, exist_ok=True)
            OmegaConf.save(self._config.hydra.overrides.task, folder / "multirun.yaml")
            for trial in unfinished_trials(study):
                log.info("Trial %d was interrupted and goes on", trial.number)
                self._run([trial], study, space, fixed, settings)
            while (missing := settings.trials - len(study.trials)) > 0:
                trials = [study.ask(space) for _ in range(min(settings.batch, missing))]
                self._run(trials, study, space, fixed, settings)
            document = results(study)
            write_json(folder / RESULTS, document)
        if document["best"] is None:
            raise UserError(f"no trial of study {settings.study} was completed; {folder / RESULTS} counts them")
        log.info("Trials: %s", ", ".join(f"{count} {state}" for state, count in document["trials"].items()))
        best = document["best"]
        chosen = " ".join(as_override(setting, value) for setting, value in best["settings"].items())
        log.info("Best: trial %d, %s %.6g, with %s", best["trial"], settings.objective, best["value"], chosen)

    def _run(
        self, trials: Sequence["Trial"], study: "Study", space: Space, fixed: Sequence[str], settings: SearchSettings
    ) -> None:
        """Run trials at every rung that they reach, and tell the study their results."""
        from optuna.trial import TrialState

        rungs = len(settings.rungs.values) if settings.rungs else 1
        going = []
        for trial in trials:
            if trial.params.keys() == space.keys():
                going.append(trial)
            else:  # killed while its values were drawn
                study.tell(trial, state=TrialState.FAIL)
        for rung in range(rungs):
            judged = {trial.number: _reported(study, trial) for trial in going}
            for group in _consecutive([trial for trial in going if rung not in judged[trial.number]]):
                for trial, value in zip(group, self._values_of(group, rung, fixed, settings), strict=True):
                    if value is None:
                        study.tell(trial, state=TrialState.FAIL)
                        going.remove(trial)
                    else:
                        trial.report(value, rung)
            for trial in [*going]:
                value = _reported(study, trial)[rung]
                if rung + 1 == rungs:
                    study.tell(trial, value)
                elif trial.should_prune():
                    log.info("Trial %d is pruned: %s %.6g", trial.number, settings.objective, value)
                    study.tell(trial, state=TrialState.PRUNED)
                    going.remove(trial)

    def _values_of(
        self, trials: Sequence["Trial"], rung: int, fixed: Sequence[str], settings: SearchSettings
    ) -> list[float | None]:
        """Launch trials of consecutive numbers; return the objective's value of each, None for a failed one."""
        rows = []
        for trial in trials:
            rows.append([*fixed, *(as_override(name, value) for name, value in trial.params.items())])
            if settings.rungs is not None:
                rows[-1].append(f"{settings.rungs.setting}={settings.rungs.values[rung]}")
        launched = time.time_ns()
        jobs = self._launcher.launch(rows, initial_job_idx=trials[0].number)
        folders = [Path(job.hydra_cfg.hydra.runtime.output_dir) for job in jobs if job.hydra_cfg is not None]
        return [_figure(folder, settings.objective, launched) for folder in folders]


def _consecutive(trials: Sequence["Trial"]) -> list[list["Trial"]]:
    """Return trials in groups of consecutive numbers, which a launcher gives to its rows."""
    groups: list[list[Trial]] = []
    for trial in trials:
        if groups and trial.number == groups[-1][-1].number + 1:
            groups[-1].append(trial)
        else:
            groups.append([trial])
    return groups


def _reported(study: "Study", trial: "Trial") -> dict[int, float]:
    """Return the values at the rungs where a trial was judged, also before a kill."""
    return study.get_trials(deepcopy=False)[trial.number].intermediate_values


def _figure(folder: Path, objective: str, launched: int) -> float | None:
    """Return the objective's value in a run folder; None if no run has ended there since ``launched`` [ns].

    Raises UserError for an unknown figure.
    """
    record = folder / TRAINING
    if not record.is_file() or record.stat().st_mtime_ns < launched:
        return None
    figures, course = training_figures(folder)
    known = figures | {name: values[-1] for name, values in course.items()}
    if objective not in known:
        raise UserError(f"hydra.sweeper.objective={objective}: this training has {', '.join(sorted(known))}")
    return known[objective]
