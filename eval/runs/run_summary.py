"""What a report needs to know of a run, read from its folder."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.runs.recorded_data import recorded_config
from eval.runs.results_file import FOLDER, read_results
from training.support.user_error import UserError

_SAME = ("extractor", "anomaly_map", "coreset", "provenance")  # what training and evaluation say of one model


@dataclass(frozen=True)
class RunSummary:
    """An evaluated run: its name in the report, its folder, results.json, training.json ({} without one), and its
    recorded config with the seeds in it.
    """

    name: str
    run: Path
    results: dict[str, Any]
    training: dict[str, Any]
    seeds: dict[str, int]
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def evaluation_folder(self) -> Path:
        """Where results.json's picture paths start."""
        return self.run / FOLDER

    @property
    def warnings(self) -> list[str]:
        """What a reader must know before believing the figures; each once."""
        found = [*self.results["model"]["warnings"], *self.training.get("warnings", [])]
        return list(dict.fromkeys(str(text) for text in found))


def read_run(run: Path, name: str | None = None) -> RunSummary:
    """Read an evaluated run; its name is the folder's unless given. Raises UserError when it is not evaluated, or
    was trained again since.
    """
    results = read_results(run)
    path = run / "training.json"
    try:
        training = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    if not isinstance(training, dict):
        raise UserError(f"{path} is not a training summary")
    if any(training[key] != results["model"].get(key) for key in _SAME if key in training):
        raise UserError(f"{run} was trained again since it was evaluated; run: python -m eval.evaluate model={run}")
    config = recorded_config(run)
    return RunSummary(name or run.resolve().name, run, results, training, _seeds(config), config)


def _seeds(config: Any, prefix: str = "") -> dict[str, int]:
    """Every "...seed" in a nested config, by its dotted name."""
    if not isinstance(config, dict):
        return {}
    found: dict[str, int] = {}
    for key, value in config.items():
        if isinstance(value, int) and str(key).endswith("seed"):
            found[f"{prefix}{key}"] = value
        found |= _seeds(value, f"{prefix}{key}.")
    return found


def warnings_of(runs: Sequence[RunSummary]) -> list[tuple[str, str]]:
    """(names of the runs, warning), every warning once."""
    names: dict[str, list[str]] = {}
    for run in runs:
        for warning in run.warnings:
            names.setdefault(warning, []).append(run.name)
    return [(", ".join(named), warning) for warning, named in names.items()]
