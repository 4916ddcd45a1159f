"""The dataset of a trained model: what its file records, with the user's overrides."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.data.settings import DatasetSettings, read_dataset_settings
from training.model.file import load_model
from training.model.provenance import TrainedOn
from training.support.user_error import UserError

_NEEDED = ("layout", "root", "evaluation_root", "evaluation_layout", "validation_fraction", "split_seed")
_RECORDED = (*_NEEDED, "good", "mask_rule", "white_level")


def recorded_dataset(model: Path, given: DictConfig | None) -> DatasetSettings:
    """Return the last dataset that a model was trained on; what ``given`` (``conf/dataset``) says replaces its fields.

    Raises UserError if a field is in neither, as for a meld without a dataset.
    """
    datasets = load_model(model)[1].provenance.datasets
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
    return read_dataset_settings(OmegaConf.create(settings))


def _fields_of(recorded: TrainedOn) -> dict[str, Any]:
    return {name: value for name in _RECORDED if (value := getattr(recorded, name)) is not None}
