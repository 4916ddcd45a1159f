"""Settings of a prediction, read from a composed ``conf/predict.yaml``."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from training.data.region_of_interest import RegionOfInterest
from training.data.settings import read_region
from training.model.settings import ModelOverrides, read_model_overrides
from training.support.settings_schema import check_settings


@dataclass(frozen=True)
class PredictionSettings:
    """Settings of a prediction; ``conf/predict.yaml`` describes each."""

    model: Path
    input: str
    output: Path
    overlays: bool
    minimum_prediction_size: int
    """Smallest finding [pixels]."""
    resume: bool
    overrides: ModelOverrides
    coco: Path | None = None
    """A COCO file whose ids the results list uses; None writes no results list."""
    coco_category: str | None = None
    """The name of the category of the findings; None for the only one of the file."""
    region: RegionOfInterest | None = None
    """The region of interest; None: the model's own."""


def read_prediction_settings(cfg: DictConfig) -> PredictionSettings:
    """Read a composed ``conf/predict.yaml``. Raises UserError for a wrong setting."""
    check_settings(cfg)
    return PredictionSettings(
        model=Path(cfg.model),
        input=cfg.input,
        output=Path(cfg.output),
        overlays=cfg.overlays,
        minimum_prediction_size=cfg.minimum_prediction_size,
        resume=cfg.resume,
        overrides=read_model_overrides(cfg),
        coco=None if cfg.coco is None else Path(cfg.coco),
        coco_category=cfg.coco_category,
        region=read_region(cfg),
    )
