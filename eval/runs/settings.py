"""Settings of an evaluation, read from conf/evaluate.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from omegaconf import DictConfig, ListConfig

from eval.metrics.settings import BootstrapSettings, TallySettings
from eval.pictures.choice import PictureBudget
from training.data.region_of_interest import RegionOfInterest
from training.data.settings import read_region
from training.support.settings_schema import check_settings


@dataclass(frozen=True)
class DatasetSettings:
    """Location of the test data and how to read it; None for a value taken from the run."""

    layout: str | None = None
    root: str | list[str] | None = None
    validation_fraction: float | None = None
    split_seed: int | None = None
    good: str | None = None
    mask_rule: str | None = None
    white_level: int | None = None


@dataclass(frozen=True)
class EvaluationSettings:
    """Settings of the metrics and pictures of one split."""

    split: str
    tally: TallySettings
    pictures: PictureBudget
    tile_width: int
    """Width in pixels of each of a panel's four tiles."""


@dataclass(frozen=True)
class RunEvaluationSettings:
    """Settings for evaluating a run folder."""

    evaluation: EvaluationSettings
    dataset: DatasetSettings
    device: str
    """auto, cpu or cuda."""
    extractor: Mapping[str, object] = field(default_factory=dict)
    """Fields of the recorded extractor that are overridden, such as the path of its weights."""
    region: RegionOfInterest | None = None
    """The region of interest; None: the model's own."""


def read_settings(cfg: DictConfig) -> RunEvaluationSettings:
    """Read a composed conf/evaluate.yaml. Raises UserError for a wrong type or a value out of range."""
    check_settings(cfg)
    return RunEvaluationSettings(
        evaluation=EvaluationSettings(
            split=cfg.split,
            tally=TallySettings(
                minimum_coverage=cfg.minimum_coverage,
                coverages=tuple(cfg.coverages),
                aupro_limit=cfg.aupro_limit,
                minimum_prediction_size=cfg.minimum_prediction_size,
                sweep_octaves=cfg.sweep.octaves,
                sweep_steps=cfg.sweep.steps_per_octave,
                bootstrap=BootstrapSettings(**cfg.bootstrap),
                minimum_visibility=cfg.minimum_visibility,
            ),
            pictures=PictureBudget(**cfg.pictures),
            tile_width=cfg.tile_width,
        ),
        dataset=read_dataset_settings(cfg.dataset),
        device=cfg.device,
        extractor={str(key): value for key, value in cfg.extractor.items() if value is not None},
        region=read_region(cfg),
    )


def read_dataset_settings(cfg: DictConfig) -> DatasetSettings:
    """Read the location of a dataset from a config with the fields of DatasetSettings; missing fields become None."""
    return DatasetSettings(
        layout=cfg.get("layout"),
        root=plain_folders(cfg.get("root")),
        validation_fraction=cfg.get("validation_fraction"),
        split_seed=cfg.get("split_seed"),
        good=cfg.get("good"),
        mask_rule=cfg.get("mask_rule"),
        white_level=cfg.get("white_level"),
    )


def plain_folders(value: str | ListConfig | None) -> str | list[str] | None:
    """Return a config's folder or list of folders without OmegaConf types."""
    return [str(folder) for folder in value] if isinstance(value, ListConfig) else value
