"""Evaluation of a run folder."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from eval.runs.evaluation import evaluate
from eval.runs.recorded_data import complete_dataset_settings
from eval.runs.results_file import EVALUATION_FOLDER
from eval.runs.settings import DatasetSettings, RunEvaluationSettings
from eval.runs.whole_folder import whole_folder
from training.data.dataset import open_dataset
from training.model.anomaly_model import load_anomaly_model
from training.support.user_error import UserError


def evaluate_run(folder: Path, settings: RunEvaluationSettings) -> dict[str, Any]:
    """Evaluate the model of a run folder and write <folder>/evaluation, complete or not at all.

    Returns the content of results.json. Raises UserError for a missing model and invalid test data.
    """
    if not folder.is_dir():
        raise UserError(f"there is no run folder {folder}; set model= to the folder that training wrote")
    overrides = {"device": settings.device, "extractor": dict(settings.extractor)}
    model = load_anomaly_model(folder, OmegaConf.create(overrides))
    dataset = open_dataset(_dataset_config(complete_dataset_settings(folder, settings.dataset)))
    with whole_folder(folder / EVALUATION_FOLDER) as fresh:
        return evaluate(model, dataset, settings.evaluation, fresh)


def _dataset_config(settings: DatasetSettings) -> DictConfig:
    """Return the config that training.data.dataset.open_dataset takes, with all splits from one root."""
    same_root = {"evaluation_root": settings.root, "evaluation_layout": settings.layout, "max_images": None}
    return OmegaConf.create({**asdict(settings), **same_root})
