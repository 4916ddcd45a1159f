"""Collect a coreset from nominal images and find its threshold; make the paper's experiments.

Entry point: python -m training.train --help.
"""

from functools import partial

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder
from training.support.user_error import UserError
from training.tracking.tracker import tracked


def train(cfg: DictConfig) -> None:
    """Run the training that ``conf/train.yaml`` describes into Hydra's run folder, an experiment into its own."""
    called = HydraConfig.get()
    experiment = called.runtime.choices.get("experiment")
    if experiment:
        from training.runs.experiment import make_experiment

        if cfg.name != experiment:
            raise UserError(
                f"experiment {experiment} cannot be named {cfg.name}: later experiments look it up by its own name; "
                "leave out name=, and choose the folder with paths.runs="
            )
        make_experiment(cfg, partial(_experiment, list(called.overrides.task)))
        return
    if cfg.kind != "train" or cfg.builds_on:
        raise UserError("kind and builds_on are for experiments; use training.finetune or training.meld otherwise")
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.earlier_run import RESULTS
    from training.runs.settings import read_training_settings
    from training.runs.training_run import train_run

    settings = read_training_settings(cfg)
    with own_run_folder(cfg, RESULTS) as folder, tracked(cfg, folder):
        train_run(settings, folder)


def _experiment(overrides: list[str], name: str) -> DictConfig:
    """Compose another experiment with the overrides of this call."""
    kept = [override for override in overrides if override.split("=")[0].lstrip("+") not in ("experiment", "name")]
    return compose("train", [*kept, f"experiment={name}"])


if __name__ == "__main__":
    run("train", train)
