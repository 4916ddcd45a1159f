"""The dataset that a run recorded in its folder, with the user's overrides."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from training.data.settings import DatasetSettings, read_dataset_settings
from training.support.user_error import UserError

CONFIG = Path(".hydra") / "config.yaml"


def recorded_dataset(run: Path, given: DictConfig | None) -> DatasetSettings:
    """Return the dataset that a run folder records; what ``given`` (``conf/dataset``) says replaces it field by field.

    Raises UserError if a field is in neither.
    """
    recorded = recorded_config(run).get("dataset")
    settings = recorded if isinstance(recorded, dict) else {}
    overrides: Any = {} if given is None else OmegaConf.to_container(given, resolve=True)
    overrides = {name: value for name, value in overrides.items() if value is not None}
    for name, meant in (("evaluation_root", "root"), ("evaluation_layout", "layout")):
        if meant in overrides:
            overrides.setdefault(name, overrides[meant])
    settings = {"max_images": None, **settings, **overrides}
    missing = [name for name in ("layout", "root", "validation_fraction", "split_seed") if settings.get(name) is None]
    if missing:
        raise UserError(
            f"{run} does not record its dataset; give dataset=stainless or dataset=mvtec, and dataset.root=..."
        )
    return read_dataset_settings(OmegaConf.create(settings))


def recorded_config(run: Path) -> dict[str, Any]:
    """Return the settings that a run folder, or the folder of a model file, records, resolved; {} without any.

    Raises UserError for a file that cannot be read.
    """
    path = (run if run.is_dir() else run.parent) / CONFIG
    if not path.is_file():
        return {}
    try:
        saved = OmegaConf.load(path)
        if not isinstance(saved, DictConfig):
            return {}
        return {str(name): _resolved(saved, str(name)) for name in saved}
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise UserError(f"{path} cannot be read: {' '.join(str(error).split())}") from error


def _resolved(saved: DictConfig, name: str) -> Any:
    try:
        value = saved[name]
        return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
    except OmegaConfBaseException:  # refers to what only Hydra knows, such as the time
        return None
