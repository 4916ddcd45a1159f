"""Settings of the runs over images and coresets, read from their composed configs."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from training.coreset.settings import (
    CheckpointSettings,
    CoresetSettings,
    read_checkpoint_settings,
    read_coreset_settings,
)
from training.data.augmentation_settings import AugmentationSettings, read_augmentation_settings
from training.data.settings import DatasetSettings, read_dataset_settings, read_region
from training.explanation.settings import read_box
from training.features.extractor_settings import ExtractorSettings, read_extractor_settings
from training.model.settings import (
    AnomalyMapSettings,
    ModelOverrides,
    ThresholdSettings,
    read_anomaly_map_settings,
    read_model_overrides,
    read_threshold_settings,
)
from training.runs.forget_run import ForgetSettings
from training.runs.recorded_dataset import recorded_dataset
from training.support.settings_schema import check_settings
from training.support.user_error import UserError


@dataclass(frozen=True)
class CollectionSettings:
    """Common settings of the runs that collect a coreset from images and find its threshold."""

    dataset: DatasetSettings
    augmentation: AugmentationSettings | None
    coreset: CoresetSettings
    checkpoint: CheckpointSettings
    threshold: ThresholdSettings


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training of a new coreset (``conf/train.yaml``)."""

    collection: CollectionSettings
    size: int
    """Number of members of the coreset."""
    extractor: ExtractorSettings
    anomaly_map: AnomalyMapSettings
    device: str


@dataclass(frozen=True)
class ContinuationSettings:
    """Settings of a run that starts from a trained coreset (``conf/finetune.yaml``, ``conf/update.yaml``)."""

    collection: CollectionSettings
    source: str
    """Run folder or model file of the coreset."""
    overrides: ModelOverrides


@dataclass(frozen=True)
class TreeSettings:
    """Settings of a meld in a tree (``conf/tree``)."""

    fan_in: int | None
    cluster: str | None
    workers: int


@dataclass(frozen=True)
class MeldSettings:
    """Settings of a meld of coresets (``conf/meld.yaml``)."""

    sources: tuple[str, ...]
    """Run folders or model files, in order."""
    dataset: DatasetSettings | None
    """The dataset that gives the threshold; None takes the largest of the sources'."""
    size: int | None
    """Number of members; None: the first source's."""
    epochs: int
    minimum_support: int | str
    """Members whose summed support is lower are dropped: a number, or auto."""
    tree: TreeSettings
    threshold: ThresholdSettings
    overrides: ModelOverrides


def read_training_settings(cfg: DictConfig) -> TrainingSettings:
    """Read a composed ``conf/train.yaml``. Raises UserError for a wrong setting."""
    check_settings(cfg)
    return TrainingSettings(
        collection=_read_collection(cfg),
        size=cfg.coreset.size,
        extractor=read_extractor_settings(cfg.extractor),
        anomaly_map=read_anomaly_map_settings(cfg.anomaly_map),
        device=cfg.device,
    )


def read_continuation_settings(cfg: DictConfig) -> ContinuationSettings:
    """Read a composed ``conf/finetune.yaml`` or ``conf/update.yaml``. Raises UserError for a wrong setting."""
    check_settings(cfg)
    return ContinuationSettings(_read_collection(cfg), str(cfg.source), read_model_overrides(cfg))


def read_meld_settings(cfg: DictConfig) -> MeldSettings:
    """Read a composed ``conf/meld.yaml``. Raises UserError for a wrong setting and for fewer than two sources."""
    check_settings(cfg)
    sources = () if isinstance(cfg.sources, str) else tuple(str(source) for source in cfg.sources)
    if len(sources) < 2:
        raise UserError("meld needs at least two sources: sources=[runs/a,runs/b]")
    if cfg.coreset.minimum_support == "auto" and cfg.dataset.root is None:
        raise UserError("coreset.minimum_support=auto needs validation images: give dataset.root=...")
    return MeldSettings(
        sources=sources,
        dataset=None if cfg.dataset.root is None else read_dataset_settings(cfg.dataset, read_region(cfg)),
        size=cfg.coreset.size,
        epochs=cfg.coreset.epochs,
        minimum_support=cfg.coreset.minimum_support,
        tree=TreeSettings(cfg.tree.fan_in, cfg.tree.cluster, cfg.tree.workers),
        threshold=read_threshold_settings(cfg.threshold),
        overrides=read_model_overrides(cfg),
    )


def read_forget_settings(cfg: DictConfig) -> ForgetSettings:
    """Read a composed ``conf/forget.yaml``. Raises UserError for a wrong setting and for a run without a dataset."""
    check_settings(cfg)
    return ForgetSettings(
        model=Path(cfg.model),
        members=tuple(cfg.members),
        images=(cfg.images,) if isinstance(cfg.images, str) else tuple(str(name) for name in cfg.images or ()),
        missed=None if cfg.missed is None else Path(cfg.missed),
        box=read_box(cfg.box),
        maximum_raised=cfg.maximum_raised,
        most=cfg.most,
        dataset=recorded_dataset(Path(cfg.model), cfg.get("dataset"), read_region(cfg)),
        threshold=None if cfg.get("threshold") is None else read_threshold_settings(cfg.threshold),
        overrides=read_model_overrides(cfg),
    )


def _read_collection(cfg: DictConfig) -> CollectionSettings:
    return CollectionSettings(
        dataset=read_dataset_settings(cfg.dataset, read_region(cfg)),
        augmentation=read_augmentation_settings(cfg.augment),
        coreset=read_coreset_settings(cfg.coreset),
        checkpoint=read_checkpoint_settings(cfg.checkpoint),
        threshold=read_threshold_settings(cfg.threshold),
    )
