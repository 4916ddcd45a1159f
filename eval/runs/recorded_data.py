"""Finding the data that a run is to be judged on."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from training.support.user_error import UserError

_FIELDS = ("layout", "root", "validation_fraction", "split_seed")


def dataset_config(run: Path, asked: DictConfig) -> DictConfig:
    """The dataset config to open: what the user asked for, and for the rest (null) what the run was trained with.

    The run's evaluation_root is the test data's root; its train images are not looked at. Raises UserError when
    neither says where the test data is.
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
    """The config that a run folder records, not resolved; {} without one. Raises UserError when it cannot be read."""
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
        # A missing evaluation_root (a run recorded by hand) is the root's.
        root = dataset.get("evaluation_root", dataset.get("root"))
        layout = dataset.get("evaluation_layout", dataset.get("layout"))
        rest = {key: dataset.get(key) for key in ("validation_fraction", "split_seed")}
    except OmegaConfBaseException as error:
        raise UserError(f"{run}: its recorded dataset cannot be read: {' '.join(str(error).split())}") from error
    return {"layout": layout, "root": root, **rest}
