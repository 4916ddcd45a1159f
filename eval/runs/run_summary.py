"""Summary of an evaluated run, read from its folder for the report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.runs.recorded_data import recorded_config
from eval.runs.results import MODEL_RECORDS, Results
from eval.runs.results_file import EVALUATION_FOLDER, read_results
from training.support.user_error import UserError


@dataclass(frozen=True)
class RunSummary:
    """An evaluated run."""

    name: str
    """Name in the report."""
    run: Path
    """Run folder."""
    results: Results
    """Content of results.json."""
    training: dict[str, Any]
    """Content of training.json; {} without one."""
    seeds: dict[str, int]
    """Seeds of the recorded config, by dotted name."""
    config: dict[str, Any] = field(default_factory=dict)
    """Recorded config of the training; {} without one."""

    @property
    def evaluation_folder(self) -> Path:
        """Folder to which the picture paths of results.json are relative."""
        return self.run / EVALUATION_FOLDER

    @property
    def warnings(self) -> list[str]:
        """Warnings of the model and of the training, without repetitions."""
        texts = [*self.results.model.warnings, *self.training.get("warnings", [])]
        return list(dict.fromkeys(str(text) for text in texts))


def read_run(run: Path, name: str | None = None) -> RunSummary:
    """Read an evaluated run; the default name is the folder's.

    Raises UserError if the run is not evaluated or was trained again since.
    """
    results = read_results(run)
    path = run / "training.json"
    try:
        training = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if not isinstance(training, dict):
        raise UserError(f"{path} is not a training summary")
    if any(training[key] != results.model.records.get(key) for key in MODEL_RECORDS if key in training):
        raise UserError(f"{run} was trained again since it was evaluated; run: python -m eval.evaluate model={run}")
    config = recorded_config(run)
    return RunSummary(name or run.resolve().name, run, results, training, _seeds(config), config)


def _seeds(config: Any, prefix: str = "") -> dict[str, int]:
    """Return all integers in a nested config whose key ends in "seed", by dotted name."""
    if not isinstance(config, dict):
        return {}
    found: dict[str, int] = {}
    for key, value in config.items():
        if isinstance(value, int) and str(key).endswith("seed"):
            found[f"{prefix}{key}"] = value
        found |= _seeds(value, f"{prefix}{key}.")
    return found


def warnings_of(runs: Sequence[RunSummary]) -> list[tuple[str, str]]:
    """Return each distinct warning as (names of its runs, warning)."""
    names_by_warning: dict[str, list[str]] = {}
    for run in runs:
        for warning in run.warnings:
            names_by_warning.setdefault(warning, []).append(run.name)
    return [(", ".join(names), warning) for warning, names in names_by_warning.items()]
