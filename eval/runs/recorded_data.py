"""Test data of a run: what its model file records, what its folder records, and the user's overrides."""

import logging
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

import training.data.settings
from eval.runs.settings import DatasetSettings, plain_folders, read_dataset_settings
from training.data.mvtec_layout import GOOD
from training.model.provenance import Provenance
from training.support.user_error import UserError

log = logging.getLogger(__name__)

_NEEDED = ("layout", "root", "validation_fraction", "split_seed")


def complete_dataset_settings(run: Path, provenance: Provenance, overrides: DatasetSettings) -> DatasetSettings:
    """Return the location of the test data: the overrides, else what the model file records, else the run folder.

    The model file made the model; where the folder's configuration differs, a warning says so. The recorded
    evaluation_root is used as the root, so the run's train images are not read. Raises UserError if a value is in none
    of them.
    """
    of_model, of_folder = _of_provenance(provenance), _of_folder(run)
    given = _given(overrides)
    for name, value in _given(of_model).items():
        other = _given(of_folder).get(name)
        if other is not None and other != value and name not in given:
            log.warning(
                "Warning: the model was made with dataset.%s=%s, which counts; its folder's .hydra/config.yaml has %s",
                name,
                value,
                other,
            )
    settings = replace(of_folder, **{**_given(of_model), **given})
    if any(getattr(settings, name) is None for name in _NEEDED):
        raise UserError(
            f"{run} does not record its test data; give dataset=stainless or dataset=mvtec, and dataset.root=..."
        )
    return settings


def recorded_config(run: Path) -> dict[str, Any]:
    """Return the recorded config of a run folder, not resolved; {} without one. Raises UserError if unreadable."""
    path = run / ".hydra" / "config.yaml"
    if not path.exists():
        return {}
    try:
        saved = OmegaConf.load(path)
    except (OSError, UnicodeDecodeError, YAMLError, OmegaConfBaseException) as error:
        raise UserError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    plain = OmegaConf.to_container(saved)
    return {str(key): value for key, value in plain.items()} if isinstance(plain, dict) else {}


def training_settings(settings: DatasetSettings) -> training.data.settings.DatasetSettings:
    """Return complete settings in the form of training, with all splits from one root."""
    assert settings.root is not None
    assert settings.layout is not None
    assert settings.validation_fraction is not None
    assert settings.split_seed is not None
    roots = training.data.settings.folders_of(settings.root)
    return training.data.settings.DatasetSettings(
        layout=settings.layout,
        roots=roots,
        evaluation_root=roots[0],
        evaluation_layout=settings.layout,
        validation_fraction=settings.validation_fraction,
        split_seed=settings.split_seed,
        good=settings.good or GOOD,
        mask_rule=settings.mask_rule,
        white_level=settings.white_level,
    )


def _given(settings: DatasetSettings) -> dict[str, Any]:
    values = {entry.name: getattr(settings, entry.name) for entry in fields(settings)}
    return {name: value for name, value in values.items() if value is not None}


def _of_provenance(provenance: Provenance) -> DatasetSettings:
    """Return what a model file records; a meld, or a model of an earlier version, records less."""
    if not provenance.datasets or provenance.datasets[-1].evaluation_layout is None:
        return DatasetSettings()  # without a layout of its own, the root might be in another one
    recorded = provenance.datasets[-1]
    return DatasetSettings(
        layout=recorded.evaluation_layout,
        root=recorded.evaluation_root,
        validation_fraction=recorded.validation_fraction,
        split_seed=recorded.split_seed,
        good=recorded.good,
        mask_rule=recorded.mask_rule,
        white_level=recorded.white_level,
    )


def _of_folder(run: Path) -> DatasetSettings:
    dataset = OmegaConf.create(recorded_config(run)).get("dataset")
    if not isinstance(dataset, DictConfig):
        return DatasetSettings()
    try:
        settings = read_dataset_settings(dataset)
        # Configs written by hand may lack evaluation_root and evaluation_layout.
        root = plain_folders(dataset.get("evaluation_root", settings.root))
        return replace(
            settings,
            root=root[0] if isinstance(root, list) and root else root,
            layout=dataset.get("evaluation_layout", settings.layout),
        )
    except OmegaConfBaseException as error:
        raise UserError(f"{run}: its recorded dataset cannot be read: {' '.join(str(error).split())}") from error
