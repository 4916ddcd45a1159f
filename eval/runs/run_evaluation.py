"""Evaluation of a run folder with the settings of conf/evaluate.yaml."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from eval.metrics.bootstrap import BootstrapSettings
from eval.metrics.split_tally import TallySettings
from eval.pictures.choice import PictureBudget
from eval.runs.evaluation import EvaluationSettings, evaluate
from eval.runs.recorded_data import dataset_config
from eval.runs.results_file import EVALUATION_FOLDER
from eval.runs.whole_folder import whole_folder
from training.anomaly_model import load_anomaly_model
from training.dataset import open_dataset
from training.user_error import UserError


def settings_of(cfg: DictConfig) -> EvaluationSettings:
    """Read the settings of conf/evaluate.yaml. Raises UserError for a value out of range."""
    shares = [cfg.minimum_coverage, *cfg.coverages]
    if not all(0 <= share <= 1 for share in shares):
        raise UserError(f"minimum_coverage and coverages must be shares from 0 to 1, not {shares}")
    if not 0 < cfg.aupro_limit <= 1:
        raise UserError(f"aupro_limit must be a false-positive rate above 0 and at most 1, not {cfg.aupro_limit}")
    if cfg.tile_width < 1 or any(count < 0 for count in cfg.pictures.values()):
        raise UserError("tile_width must be at least 1, and the numbers in pictures at least 0")
    if cfg.minimum_prediction_size < 0 or cfg.bootstrap.resamples < 0 or not 0 < cfg.bootstrap.confidence < 1:
        raise UserError(
            "minimum_prediction_size and bootstrap.resamples must be at least 0, bootstrap.confidence between 0 and 1"
        )
    if cfg.sweep.octaves < 0 or cfg.sweep.steps_per_octave < 1:
        raise UserError("sweep.octaves must be at least 0, and sweep.steps_per_octave at least 1")
    return EvaluationSettings(
        split=cfg.split,
        tally=TallySettings(
            minimum_coverage=cfg.minimum_coverage,
            coverages=tuple(cfg.coverages),
            aupro_limit=cfg.aupro_limit,
            minimum_prediction_size=cfg.minimum_prediction_size,
            sweep_octaves=cfg.sweep.octaves,
            sweep_steps=cfg.sweep.steps_per_octave,
            bootstrap=BootstrapSettings(**cfg.bootstrap),
        ),
        pictures=PictureBudget(**cfg.pictures),
        tile_width=cfg.tile_width,
    )


def evaluate_run(folder: Path, cfg: DictConfig) -> dict[str, Any]:
    """Evaluate the model of a run folder and write <folder>/evaluation atomically.

    Returns the content of results.json. Raises UserError for wrong settings, a missing model, and invalid test data.
    """
    settings = settings_of(cfg)
    if not folder.is_dir():
        raise UserError(f"there is no run folder {folder}; set model= to the folder that training wrote")
    weights = OmegaConf.create({key: value for key, value in cfg.extractor.items() if value is not None})
    model = load_anomaly_model(folder, OmegaConf.create({"device": cfg.device, "extractor": weights}))
    dataset = open_dataset(dataset_config(folder, cfg.dataset))
    with whole_folder(folder / EVALUATION_FOLDER) as fresh:
        return evaluate(model, dataset, settings, fresh)
