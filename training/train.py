"""Collect a coreset from nominal images and find its threshold. Entry point: python -m training.train --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.entry_point import run


def train(cfg: DictConfig) -> None:
    """Run what ``conf/train.yaml`` describes, into Hydra's run folder."""
    from training.training_run import (
        train_run,  # torch loads for seconds: --help and mistyped settings need not wait for it
    )

    train_run(cfg, Path(HydraConfig.get().runtime.output_dir))


if __name__ == "__main__":
    run("train", train)
