"""Test data of a run: the settings recorded in its folder, and the user's overrides."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from eval.runs.settings import DatasetSettings, plain_folders, read_dataset_settings
from training.support.user_error import UserError


def complete_dataset_settings(run: Path, overrides: DatasetSettings) -> DatasetSettings:
    """Return the location of the test data: the overrides, and the run's recorded values where those are None.

    The recorded evaluation_root is used as the root, so the run's train images are not read. Raises UserError if a
    value is in neither source.
    """
    settings = replace(_recorded(run), **_given(overrides))
    if len(_given(settings)) < len(fields(settings)):
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


def _given(settings: DatasetSettings) -> dict[str, Any]:
    values = {entry.name: getattr(settings, entry.name) for entry in fields(settings)}
    return {name: value for name, value in values.items() if value is not None}


def _recorded(run: Path) -> DatasetSettings:
    dataset = OmegaConf.create(recorded_config(run)).get("dataset")
    if not isinstance(dataset, DictConfig):
        return DatasetSettings()
    try:
        settings = read_dataset_settings(dataset)
        # Configs written by hand may lack evaluation_root and evaluation_layout.
        return replace(
            settings,
            root=plain_folders(dataset.get("evaluation_root", settings.root)),
            layout=dataset.get("evaluation_layout", settings.layout),
        )
    except OmegaConfBaseException as error:
        raise UserError(f"{run}: its recorded dataset cannot be read: {' '.join(str(error).split())}") from error
