"""The functions of training on composed configs, which are checked and read as the entry points do it."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.data.augment import Augmentation
from training.data.augmentation_settings import read_augmentation_settings
from training.data.dataset import Dataset
from training.data.dataset import open_dataset as open_from_settings
from training.data.settings import read_dataset_settings
from training.features.extractor import FeatureExtractor
from training.features.extractor import build_extractor as build_from_settings
from training.features.extractor_settings import read_extractor_settings
from training.model.anomaly_model import AnomalyModel
from training.model.anomaly_model import load_anomaly_model as load_with_overrides
from training.model.settings import read_model_overrides
from training.prediction import run as prediction
from training.prediction.settings import read_prediction_settings
from training.pretraining import adapting
from training.pretraining import run as pretraining
from training.pretraining.settings import read_adaptation_settings, read_pretraining_settings
from training.runs import meld_run as melding
from training.runs import training_run
from training.runs.settings import read_continuation_settings, read_meld_settings, read_training_settings
from training.support.settings_schema import check_settings


def open_dataset(cfg: DictConfig) -> Dataset:
    check_settings(OmegaConf.create({"dataset": cfg}))
    return open_from_settings(read_dataset_settings(cfg))


def build_extractor(cfg: DictConfig, device: str) -> FeatureExtractor:
    check_settings(OmegaConf.create({"extractor": cfg, "device": device}))
    return build_from_settings(read_extractor_settings(cfg), device)


def build_augmentation(cfg: DictConfig) -> Augmentation | None:
    settings = read_augmentation_settings(cfg)
    return None if settings is None else Augmentation(settings)


def load_anomaly_model(path: Path, cfg: DictConfig) -> AnomalyModel:
    return load_with_overrides(path, read_model_overrides(cfg))


def train_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    return training_run.train_run(read_training_settings(cfg), folder)


def finetune_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    return training_run.finetune_run(read_continuation_settings(cfg), folder)


def update_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    return training_run.update_run(read_continuation_settings(cfg), folder)


def meld_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    return melding.meld_run(read_meld_settings(cfg), folder)


def adapt_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    return adapting.adapt_run(read_adaptation_settings(cfg), folder)


def pretrain_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    return pretraining.pretrain_run(read_pretraining_settings(cfg), folder)


def predict_run(cfg: DictConfig) -> None:
    prediction.predict_run(read_prediction_settings(cfg))
