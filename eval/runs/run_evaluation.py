"""Evaluation of a run folder."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.runs.evaluation import evaluate
from eval.runs.recorded_data import complete_dataset_settings, training_settings
from eval.runs.results_file import EVALUATION_FOLDER
from eval.runs.settings import RunEvaluationSettings
from eval.runs.whole_folder import whole_folder
from training.data.dataset import open_dataset
from training.model.load_detector import load_detector
from training.model.model_region import region_for
from training.model.settings import ModelOverrides
from training.support.user_error import UserError


def evaluate_run(folder: Path, settings: RunEvaluationSettings) -> dict[str, Any]:
    """Evaluate the model of a run folder and write <folder>/evaluation, complete or not at all.

    Returns the content of results.json. Raises UserError for a missing model and invalid test data.
    """
    if not folder.is_dir():
        raise UserError(f"there is no run folder {folder}; set model= to the folder that training wrote")
    model = load_detector(folder, ModelOverrides(settings.device, settings.extractor))
    location = complete_dataset_settings(folder, model.provenance, settings.dataset)
    region, warnings = region_for(model.provenance, settings.region)
    dataset = open_dataset(replace(training_settings(location), region=region))
    dataset = replace(dataset, warnings=(*dataset.warnings, *warnings))
    with whole_folder(folder / EVALUATION_FOLDER) as fresh:
        return evaluate(model, dataset, settings.evaluation, fresh)
