"""Settings of a pretraining and of an adaptation, read from their composed configs."""

from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.data.settings import DatasetSettings, read_dataset_settings
from training.features.extractor_settings import ExtractorSettings, read_extractor_settings
from training.formula_images.draw import Episodes
from training.formula_images.pictures import Chances
from training.pretraining.learning_cycles import CycleSettings
from training.support.settings_schema import check_settings
from training.support.user_error import UserError


@dataclass(frozen=True)
class TaskWeights:
    """Weights of the losses; 0 disables a task."""

    neighbour: float
    formula: float
    flaw: float
    structure: float


@dataclass(frozen=True)
class Recipe:
    """Everything that the weights of a pretraining depend on; ``conf/pretrain.yaml`` describes each."""

    seed: int
    start: str | None
    formulas: int
    cycles: tuple[CycleSettings, ...]
    warmup_steps: int
    episodes: Episodes
    size: int
    """Side of a picture [pixels]."""
    chances: Chances
    weight_decay: float
    task: TaskWeights
    temperature: float
    kept: float
    curve_steps: int
    checkpoint_steps: int


@dataclass(frozen=True)
class PretrainingSettings:
    """The recipe and the device of a pretraining."""

    recipe: Recipe
    device: str


@dataclass(frozen=True)
class NormSettings:
    """Settings of the adaptation of norms (``adapt`` of ``conf/adapt.yaml``)."""

    images: int
    pixels: int
    norms: int
    share: float


@dataclass(frozen=True)
class AdaptationSettings:
    """Settings of an adaptation (``conf/adapt.yaml``)."""

    dataset: DatasetSettings
    extractor: ExtractorSettings
    norms: NormSettings
    device: str


def read_pretraining_settings(cfg: DictConfig) -> PretrainingSettings:
    """Read a composed ``conf/pretrain.yaml``.

    Raises UserError for a wrong setting, and if the chances of two surfaces and of a background exceed 1 together.
    """
    check_settings(cfg)
    return PretrainingSettings(read_recipe(cfg.pretrain), cfg.device)


def read_recipe(cfg: DictConfig) -> Recipe:
    """Read ``pretrain`` of a composed config. Raises as ``read_pretraining_settings`` does."""
    given: Any = OmegaConf.to_container(cfg, resolve=True)
    chances = Chances(**given["chances"])
    both = chances.mixed + chances.outlined
    if both > 1:
        raise UserError(f"pretrain.chances: mixed and outlined are {both:g} together; they may be at most 1")
    nested = {
        "cycles": tuple(CycleSettings(**cycle) for cycle in given["cycles"]),
        "episodes": Episodes(**given["episodes"]),
        "chances": chances,
        "task": TaskWeights(**given["task"]),
    }
    return Recipe(**{**given, **nested})


def read_adaptation_settings(cfg: DictConfig) -> AdaptationSettings:
    """Read a composed ``conf/adapt.yaml``. Raises UserError for a wrong setting."""
    check_settings(cfg)
    norms = NormSettings(cfg.adapt.images, cfg.adapt.pixels, cfg.adapt.norms, cfg.adapt.share)
    return AdaptationSettings(
        read_dataset_settings(cfg.dataset), read_extractor_settings(cfg.extractor), norms, cfg.device
    )
