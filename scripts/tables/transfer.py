"""Transfer of thresholds for the rows of the paper's tables, and for coresets finetuned on few stand-in plates."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig
from rich.console import Console

from eval.paper.transfer import Transfer, write_transfer
from scripts.tables.renderings import RenderSizes, render_all, rendering
from scripts.tables.row_runs import (
    RowRun,
    check_datasets,
    check_row_settings,
    chosen_rows,
    planned_runs,
    table_settings,
)
from scripts.tables.stage_clock import StageClock
from scripts.training_steps import composed_config
from training.support.typed_overrides import quoted
from training.support.user_error import UserError

if TYPE_CHECKING:
    from training.data.dataset import Dataset

log = logging.getLogger(__name__)

KIND = "synth_validation"
FINETUNED = {"synth": "Synth", "synth_ws": "Synth_WS"}
"""The rows that are finetuned on few plates."""


@dataclass(frozen=True)
class TransferWork:
    """The work to measure: the datasets, the folder of the tables, the settings that its rows were made with."""

    real: Path
    synth: Path
    validation: Path
    """Synthetic validation plates."""
    out: Path
    training: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    plates: tuple[int, ...] = (1, 2, 5, 10)
    """Numbers of plates to finetune on."""
    features_gigabytes: float = 0
    """As for the tables: largest size of the folder of features beside the runs."""
    rendering: RenderSizes | None = None


def transfer_thresholds(work: TransferWork, console: Console) -> list[Path]:
    """Measure every row and every finetuning; write threshold_transfer.csv and .html; return their paths.

    Rows that are not trained yet are trained. Raises UserError for a wrong setting or dataset, and RenderError.
    """
    settings = table_settings(work.real, work.synth, work.out, work.features_gigabytes, work.training)
    runs = chosen_rows(planned_runs(settings, work.out, [0], [0]), work.rows)
    check_row_settings(runs)
    clock = StageClock(work.out)
    if work.rendering is not None:
        render_all([rendering(KIND, work.validation, work.rendering)], clock, console)
    check_datasets(runs)
    _synthetic(runs[0].cfg, work.validation)
    measured: list[tuple[RowRun, str, int | None]] = [
        (run, run.scenario, 0 if run.experiment in FINETUNED else None) for run in runs
    ]
    for run in [entry for entry in runs if entry.experiment in FINETUNED]:
        most = _train_plates(run.composed(f"{run.experiment}_ft"))
        for few in work.plates:
            if few > most:
                log.warning("Warning: the real plates' train split has %d plates; %d left out", most, few)
                continue
            measured.append((_finetuned(run, settings, work.out, few), FINETUNED[run.experiment], few))
    transfers = []
    for number, (run, scenario, plates) in enumerate(measured, start=1):
        console.rule(f"{number} of {len(measured)}  threshold of {scenario}, {plates or 'no'} plates more")
        with clock.stage(f"threshold transfer of {run.cfg.name}", "threshold transfer", 1):
            transfers.append(_measured(run, scenario, plates, work.validation))
    return write_transfer(transfers, work.out)


def _synthetic(cfg: DictConfig, validation: Path) -> "Dataset":
    """Return the synthetic validation plates as a dataset. Raises UserError without validation images."""
    from training.data.dataset import open_dataset
    from training.data.settings import read_dataset_settings

    settings = read_dataset_settings(cfg.dataset)
    found = open_dataset(replace(settings, roots=(validation,), evaluation_root=validation, max_plates=None))
    if not found.split("validation"):
        raise UserError(f"the dataset {validation} has no validation images")
    return found


def _train_plates(cfg: DictConfig) -> int:
    from training.data.dataset import open_dataset
    from training.data.settings import read_dataset_settings

    return len({sample.plate_id for sample in open_dataset(read_dataset_settings(cfg.dataset)).split("train")})


def _finetuned(run: RowRun, settings: Sequence[str], out: Path, plates: int) -> RowRun:
    """Return the run of a row's coreset that is finetuned on the first plates of the real train split."""
    name = f"{run.experiment}_ft_{plates}_plates"
    overrides = [*settings, f"paths.runs={quoted(out)}", f"experiment={run.experiment}_ft"]
    cfg = composed_config("train", *overrides, f"name={name}", f"dataset.max_plates={plates}")
    return replace(run, experiment=name, cfg=cfg)


def _measured(run: RowRun, scenario: str, plates: int | None, validation: Path) -> Transfer:
    from training.data.dataset import open_dataset
    from training.data.settings import read_dataset_settings
    from training.model.anomaly_model import load_anomaly_model
    from training.model.find_threshold import scored_split
    from training.model.settings import ModelOverrides
    from training.model.threshold import maximum_f1, rates_at
    from training.runs.experiment import make_experiment, stored_experiment_features

    folder, _ = make_experiment(run.cfg, run.composed)
    dataset, synthetic = read_dataset_settings(run.cfg.dataset), _synthetic(run.cfg, validation)
    with stored_experiment_features(run.cfg):
        model = load_anomaly_model(folder, ModelOverrides(run.cfg.device, {}))
        of_synthetic = maximum_f1(*scored_split(model, synthetic, "validation")[:2])
        positives, negatives, *_ = scored_split(model, open_dataset(dataset), "test")
    best = maximum_f1(positives, negatives)
    return Transfer(
        experiment=str(run.cfg.name),
        scenario=scenario,
        plates=plates,
        synthetic=100 * rates_at(of_synthetic.threshold, positives, negatives).f1,
        validation=100 * rates_at(model.threshold, positives, negatives).f1,
        best=100 * best.f1,
        synthetic_threshold=of_synthetic.threshold,
        validation_threshold=model.threshold,
        best_threshold=best.threshold,
    )
