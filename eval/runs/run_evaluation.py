"""Evaluation of a run folder."""

from pathlib import Path
from typing import Any

import training.data.settings
from eval.runs.evaluation import evaluate
from eval.runs.recorded_data import complete_dataset_settings
from eval.runs.results_file import EVALUATION_FOLDER
from eval.runs.settings import DatasetSettings, RunEvaluationSettings
from eval.runs.whole_folder import whole_folder
from training.data.dataset import open_dataset
from training.data.mvtec_layout import GOOD
from training.model.anomaly_model import load_anomaly_model
from training.model.settings import ModelOverrides
from training.support.user_error import UserError


def evaluate_run(folder: Path, settings: RunEvaluationSettings) -> dict[str, Any]:
    """Evaluate the model of a run folder and write <folder>/evaluation, complete or not at all.

    Returns the content of results.json. Raises UserError for a missing model and invalid test data.
    """
    if not folder.is_dir():
        raise UserError(f"there is no run folder {folder}; set model= to the folder that training wrote")
    model = load_anomaly_model(folder, ModelOverrides(settings.device, settings.extractor))
    location = complete_dataset_settings(folder, model.record.provenance, settings.dataset)
    dataset = open_dataset(_training_settings(location))
    with whole_folder(folder / EVALUATION_FOLDER) as fresh:
        return evaluate(model, dataset, settings.evaluation, fresh)


def _training_settings(settings: DatasetSettings) -> training.data.settings.DatasetSettings:
    """Return complete settings in the form of training, with all splits from one root."""
    assert settings.root is not None
    assert settings.layout is not None
    assert settings.validation_fraction is not None
    assert settings.split_seed is not None
    roots = training.data.settings.folders_of(settings.root)
    return training.data.settings.DatasetSettings(
        layout=settings.layout,
        roots=roots,
        evaluation_root=roots[0],
        evaluation_layout=settings.layout,
        validation_fraction=settings.validation_fraction,
        split_seed=settings.split_seed,
        good=settings.good or GOOD,
        mask_rule=settings.mask_rule,
        white_level=settings.white_level,
    )
