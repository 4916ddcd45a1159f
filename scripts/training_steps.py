"""Steps shared by programs that train and evaluate: compose conf/, train into a run folder, evaluate it."""

import shutil
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from training.support.entry_point import CONF_FOLDER, one_line
from training.support.typed_overrides import quoted
from training.support.user_error import UserError
from training.tracking.tracker import tracked


def composed_config(name: str, *overrides: str) -> DictConfig:
    """Return conf/<name>.yaml with overrides, composed like by the entry points.

    Raises UserError for a wrong override.
    """
    try:
        with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
            return compose(name, [*overrides])
    except HydraException as error:
        raise UserError(one_line(error)) from error


def train_and_evaluate(kind: str, cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Replace a run folder by a run of the composed ``conf/<kind>.yaml`` (train, finetune or meld), and evaluate it.

    Returns the content of results.json. Raises UserError.
    """
    from eval.runs.run_evaluation import evaluate_run
    from eval.runs.settings import read_settings

    if folder.exists():
        shutil.rmtree(folder)
    (folder / ".hydra").mkdir(parents=True)
    OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")  # evaluation reads a run's settings from here
    with tracked(cfg, folder):
        _train(kind, cfg, folder)
        return evaluate_run(folder, read_settings(composed_config("evaluate", f"model={quoted(folder)}")))


def _train(kind: str, cfg: DictConfig, folder: Path) -> None:
    # imported here: both load torch, which a complete run does not need
    from training.runs.meld_run import meld_run
    from training.runs.settings import read_continuation_settings, read_meld_settings, read_training_settings
    from training.runs.training_run import finetune_run, train_run

    if kind == "train":
        train_run(read_training_settings(cfg), folder)
    elif kind == "finetune":
        finetune_run(read_continuation_settings(cfg), folder)
    else:
        meld_run(read_meld_settings(cfg), folder)
