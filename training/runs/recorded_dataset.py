"""The dataset of a trained model: what its file records, with the user's overrides."""

import logging
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.data.augmentation_settings import AugmentationSettings
from training.data.dataset import Dataset
from training.data.region_of_interest import RegionOfInterest
from training.data.settings import DatasetSettings, read_dataset_settings
from training.model.file import load_model
from training.model.model_region import region_for
from training.model.provenance import TrainedOn
from training.support.document import document_of
from training.support.user_error import UserError

log = logging.getLogger(__name__)

_NEEDED = ("layout", "root", "evaluation_root", "evaluation_layout", "validation_fraction", "split_seed")
_RECORDED = (*_NEEDED, "good", "mask_rule", "white_level")


def recorded_dataset(model: Path, given: DictConfig | None, region: RegionOfInterest | None = None) -> DatasetSettings:
    """Return the last dataset that a model was trained on; what ``given`` (``conf/dataset``) says replaces its fields.

    Its region of interest is the model's own, unless another is given. Raises UserError if a field is in neither, as
    for a meld without a dataset, and as ``region_for`` does.
    """
    provenance = load_model(model)[1].provenance
    datasets = provenance.datasets
    settings: dict[str, Any] = _fields_of(datasets[-1]) if datasets else {}
    overrides: Any = {} if given is None else OmegaConf.to_container(given, resolve=True)
    overrides = {name: value for name, value in overrides.items() if value is not None}
    for name, meant in (("evaluation_root", "root"), ("evaluation_layout", "layout")):
        if meant in overrides:
            overrides.setdefault(name, overrides[meant])
    settings = {"good": "good", "mask_rule": None, "white_level": None, "max_images": None, **settings, **overrides}
    if any(settings.get(name) is None for name in _NEEDED):
        raise UserError(
            f"{model} does not record its dataset; give dataset=stainless or dataset=mvtec, and dataset.root=..."
        )
    region, warnings = region_for(provenance, region)
    for warning in warnings:
        log.warning("Warning: %s", warning)
    return read_dataset_settings(OmegaConf.create(settings), region)


def trained_on(
    settings: DatasetSettings, dataset: Dataset, augmentation: AugmentationSettings | None = None
) -> TrainedOn:
    """Return the description of a dataset in a model's provenance."""
    roots = [str(root) for root in settings.roots]
    return TrainedOn(
        name=dataset.name,
        root=roots if len(roots) > 1 else roots[0],
        evaluation_root=str(settings.evaluation_root),
        layout=settings.layout,
        train_images=len(dataset.split("train")),
        augment=None if augmentation is None else document_of(augmentation),
        evaluation_layout=settings.evaluation_layout,
        validation_fraction=settings.validation_fraction,
        split_seed=settings.split_seed,
        good=settings.good,
        mask_rule=settings.mask_rule,
        white_level=settings.white_level,
        region=None if settings.region is None else settings.region.document(),
    )


def _fields_of(recorded: TrainedOn) -> dict[str, Any]:
    return {name: value for name in _RECORDED if (value := getattr(recorded, name)) is not None}
