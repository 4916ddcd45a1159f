"""Test data of a run: the settings recorded in its folder, and the user's overrides."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from training.user_error import UserError

_FIELDS = ("layout", "root", "validation_fraction", "split_seed")


def dataset_config(run: Path, asked: DictConfig) -> DictConfig:
    """Return the config of the test dataset: the user's values, and the run's recorded ones where those are null.

    The recorded evaluation_root is used as the root, so the run's train images are not read. Raises UserError if
    neither source names the test data.
    """
    found: dict[str, Any] = {**_recorded(run), **{key: asked[key] for key in _FIELDS if asked.get(key) is not None}}
    missing = [key for key in _FIELDS if found.get(key) is None]
    if missing:
        raise UserError(
            f"{run} does not record its test data; give dataset=stainless or dataset=mvtec, and dataset.root=..."
        )
    alias = {"evaluation_root": "${.root}", "evaluation_layout": "${.layout}", "max_images": None}
    return OmegaConf.create({**found, **alias})


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


def _recorded(run: Path) -> dict[str, Any]:
    dataset = OmegaConf.create(recorded_config(run)).get("dataset")
    if not isinstance(dataset, DictConfig):
        return {}
    try:
        # Configs written by hand may lack evaluation_root and evaluation_layout.
        root = dataset.get("evaluation_root", dataset.get("root"))
        layout = dataset.get("evaluation_layout", dataset.get("layout"))
        rest = {key: dataset.get(key) for key in ("validation_fraction", "split_seed")}
    except OmegaConfBaseException as error:
        raise UserError(f"{run}: its recorded dataset cannot be read: {' '.join(str(error).split())}") from error
    return {"layout": layout, "root": root, **rest}
