"""The runs behind the rows of the paper's tables: one for each scenario and seed, each made and evaluated once."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from eval.metrics.plate_counts import PLATES_FILE
from eval.paper.tables import published_values
from scripts.training_steps import composed_config
from training.support.typed_overrides import quoted
from training.support.user_error import UserError
from training.support.whole_file import write_json

RECORD = "origin.json"  # written last into an evaluation: its inputs and settings
FEATURES = "features"  # folder beside the runs, of the features of images that are not augmented
GIVEN_ORDER = 0
"""The seed that keeps the images in the given order, as in the paper; every other one draws orders."""


@dataclass(frozen=True)
class RowRun:
    """The run of a scenario with one seed. ``composed(name)`` gives the config of another scenario of this seed."""

    experiment: str
    scenario: str
    seed: int
    cfg: DictConfig
    composed: Callable[[str], DictConfig]

    @property
    def kind(self) -> str:
        """Return the kind of the work, for the forecast: augmented images are extracted anew in every epoch."""
        if self.cfg.kind == "meld":
            return "melding"
        return "augmented training" if self.cfg.augment else "training"

    def passes(self) -> float:
        """Return the number of passes of an image through the work: the unit of the forecast."""
        from training.data.dataset import open_dataset
        from training.data.settings import read_dataset_settings

        dataset = open_dataset(read_dataset_settings(self.cfg.dataset))
        trained = 0 if self.cfg.kind == "meld" else len(dataset.split("train")) * self.cfg.coreset.epochs
        return trained + len(dataset.split("validation")) + len(dataset.split("test"))


def table_settings(real: Path, synth: Path, out: Path, features_gigabytes: float, training: Sequence[str]) -> list[str]:
    """Return the overrides of conf/train.yaml of all rows: ``training``, the datasets, the folder of features."""
    settings = [f"paths.real={quoted(real)}", f"paths.synth={quoted(synth)}", *training]
    if features_gigabytes <= 0:
        return settings
    return [*settings, f"paths.features={quoted(out / FEATURES)}", f"paths.features_gigabytes={features_gigabytes:g}"]


def planned_runs(settings: Sequence[str], out: Path, seeds: Sequence[int], seeds_rest: Sequence[int]) -> list[RowRun]:
    """Return the runs of all rows, seed by seed, so that one whole pass comes before the next.

    ``settings`` are overrides of conf/train.yaml. Seed 0 keeps the given order of the images; its runs lie in ``out``,
    those of seed s in ``out/seed_s``. The rows of table I, the finetuned rows and the meldings get ``seeds``, the
    others ``seeds_rest``. Raises UserError for a wrong setting.
    """
    if not seeds or min([*seeds, *seeds_rest]) < 0 or len({*seeds}) != len(seeds):
        raise UserError("--seeds needs different whole numbers from 0 on")
    scenarios = {str(row): str(name) for row, name in published_values(2)["scenario"].items()}
    runs = []
    for seed in dict.fromkeys([*seeds, *seeds_rest]):
        composed = _composer(settings, out, seed)
        runs += [
            RowRun(experiment, scenario, seed, composed(experiment), composed)
            for experiment, scenario in scenarios.items()
            if seed in (seeds if has_all_seeds(experiment) else seeds_rest)
        ]
    return runs


def chosen_rows(runs: Sequence[RowRun], experiments: Sequence[str]) -> list[RowRun]:
    """Return the runs of these experiments, or all if none is named. Raises UserError for an unknown name."""
    known = {run.experiment: None for run in runs}
    for name in experiments:
        if name not in known:
            raise UserError(f"there is no row {name}; there are {', '.join(known)}")
    return [run for run in runs if not experiments or run.experiment in experiments]


def has_all_seeds(experiment: str) -> bool:
    """Return whether a row gets all seeds: those of table I, the finetuned ones and the meldings."""
    return experiment in published_values(1).index or experiment.endswith("_ft") or experiment.startswith("melding")


def seed_settings(out: Path, seed: int) -> list[str]:
    """Return the overrides of conf/train.yaml that a seed stands for."""
    if seed == GIVEN_ORDER:
        return [f"paths.runs={quoted(out)}"]
    return [f"paths.runs={quoted(out / f'seed_{seed}')}", "coreset.shuffle=true", f"coreset.seed={seed}"]


def _composer(settings: Sequence[str], out: Path, seed: int) -> Callable[[str], DictConfig]:
    overrides = [*settings, *seed_settings(out, seed)]
    return lambda experiment: composed_config("train", *overrides, f"experiment={experiment}")


def check_datasets(runs: Sequence[RowRun]) -> None:
    """Raise UserError for the first missing dataset or split."""
    from training.data.dataset import open_dataset
    from training.data.settings import read_dataset_settings

    for run in runs:
        dataset = open_dataset(read_dataset_settings(run.cfg.dataset))
        for split in ("train", "validation", "test"):
            if not dataset.split(split):
                raise UserError(f"the dataset {dataset.root} has no {split} images")


def check_row_settings(runs: Sequence[RowRun]) -> None:
    """Raise UserError for the first wrong setting, and for an extractor that cannot be built."""
    from training.features.extractor import build_extractor
    from training.features.extractor_settings import read_extractor_settings
    from training.support.settings_schema import check_settings

    for run in runs:
        check_settings(run.cfg)
    build_extractor(read_extractor_settings(runs[0].cfg.extractor), runs[0].cfg.device)


def make_row(run: RowRun) -> bool:
    """Make a run and evaluate it, unless that is done; return whether anything was done. Raises UserError."""
    from eval.runs.results_file import EVALUATION_FOLDER
    from eval.runs.run_evaluation import evaluate_run
    from eval.runs.settings import read_settings
    from training.data.dataset import open_dataset
    from training.data.settings import read_dataset_settings
    from training.model.file import load_model
    from training.runs.experiment import identity_of, make_experiment, stored_experiment_features

    folder, was_made = make_experiment(run.cfg, run.composed)
    # The tables resample the plates of all rows together, so a bootstrap of each row, and of its POD, would go unused.
    evaluation = evaluation_config(folder, run.cfg.device, "bootstrap.resamples=0")
    origin: dict[str, Any] = {
        "coreset": load_model(folder)[1].features_sha256,
        "test images": identity_of(open_dataset(read_dataset_settings(run.cfg.dataset)).split("test")),
        "settings": OmegaConf.to_container(evaluation, resolve=True),
    }
    written = folder / EVALUATION_FOLDER
    record = written / RECORD
    if (
        record.exists()
        and (written / PLATES_FILE).exists()
        and json.loads(record.read_text(encoding="utf-8")) == origin
    ):
        return was_made
    with stored_experiment_features(run.cfg):
        evaluate_run(folder, read_settings(evaluation))
    write_json(record, origin)
    return True


def evaluation_config(folder: Path, device: str, *more: str) -> DictConfig:
    """Return the composed conf/evaluate.yaml of a run folder, with further overrides."""
    return composed_config("evaluate", f"model={quoted(folder)}", f"device={device}", *more)
