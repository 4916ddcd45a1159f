"""Checks of composed settings for types and ranges (conf/schemas/settings.schema.json), before anything is loaded."""

import json
from pathlib import Path

import jsonschema
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError

from training.support.user_error import UserError

SCHEMA = Path(__file__).resolve().parents[2] / "conf" / "schemas" / "settings.schema.json"


def check_settings(cfg: DictConfig) -> None:
    """Raise UserError for the first setting of a wrong type or out of its range; missing (???) ones are ignored."""
    settings = OmegaConf.to_container(cfg, resolve=False)
    resolved = _without_open_ends(settings, cfg)
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    mistakes = sorted(
        validator.iter_errors(resolved), key=lambda mistake: [str(step) for step in mistake.absolute_path]
    )
    if mistakes:
        where = ".".join(str(step) for step in mistakes[0].absolute_path)
        raise UserError(f"{where}: {mistakes[0].message} (--help lists what can be set)")


def _without_open_ends(settings: object, cfg: object) -> object:
    """Return the settings with interpolations resolved, without values that are missing or refer to missing ones."""
    if isinstance(settings, dict) and isinstance(cfg, DictConfig):
        return {key: _without_open_ends(settings[key], cfg[key]) for key in settings if _is_set(cfg, key)}
    if OmegaConf.is_config(cfg):
        return OmegaConf.to_container(cfg, resolve=True)
    return cfg


def _is_set(cfg: DictConfig, key: str) -> bool:
    try:
        if OmegaConf.is_missing(cfg, key):
            return False
        cfg[key]
    except InterpolationToMissingValueError:
        return False
    return True
