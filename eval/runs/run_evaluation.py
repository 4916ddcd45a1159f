"""From a run folder and conf/evaluate.yaml to <run folder>/evaluation."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from eval.metrics.bootstrap import BootstrapSettings
from eval.metrics.split_tally import TallySettings
from eval.pictures.choice import PictureBudget
from eval.runs.evaluation import EvaluationSettings, evaluate
from eval.runs.recorded_data import dataset_config
from eval.runs.results_file import FOLDER
from eval.runs.whole_folder import whole_folder
from training.data.dataset import open_dataset
from training.model.anomaly_model import load_anomaly_model
from training.support.user_error import UserError


def settings_of(cfg: DictConfig) -> EvaluationSettings:
    """Read the settings from conf/evaluate.yaml. Raises UserError for values out of their range."""
    shares = [cfg.minimum_coverage, *cfg.coverages]
    if not all(0 <= share <= 1 for share in shares):
        raise UserError(f"minimum_coverage and coverages are shares from 0 to 1, not {shares}")
    if not 0 < cfg.aupro_limit <= 1:
        raise UserError(f"aupro_limit is a false-positive rate above 0 and up to 1, not {cfg.aupro_limit}")
    if cfg.tile_width < 1 or any(count < 0 for count in cfg.pictures.values()):
        raise UserError("tile_width must be at least 1, and no number of pictures negative")
    if cfg.minimum_prediction_size < 0 or cfg.bootstrap.resamples < 0 or not 0 < cfg.bootstrap.confidence < 1:
        raise UserError(
            "minimum_prediction_size and bootstrap.resamples are not negative, bootstrap.confidence is between 0 and 1"
        )
    if cfg.sweep.octaves < 0 or cfg.sweep.steps_per_octave < 1:
        raise UserError("sweep.octaves is not negative, sweep.steps_per_octave at least 1")
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
    """Evaluate the model in a run folder as cfg says and put the result into <folder>/evaluation, whole or not at
    all.
    """
    settings = settings_of(cfg)
    if not folder.is_dir():
        raise UserError(f"there is no run folder {folder}; model= takes the folder that training wrote")
    moved = OmegaConf.create({key: value for key, value in cfg.extractor.items() if value is not None})
    model = load_anomaly_model(folder, OmegaConf.create({"device": cfg.device, "extractor": moved}))
    dataset = open_dataset(dataset_config(folder, cfg.dataset))
    with whole_folder(folder / FOLDER) as fresh:
        return evaluate(model, dataset, settings, fresh)
