"""Add images to a trained coreset. Entry point: python -m training.update --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.support.entry_point import run


def update(cfg: DictConfig) -> None:
    """Run what ``conf/update.yaml`` describes, into Hydra's run folder."""
    from training.runs.training_run import (
        update_run,  # torch loads for seconds: --help and mistyped settings need not wait for it
    )

    update_run(cfg, Path(HydraConfig.get().runtime.output_dir))


if __name__ == "__main__":
    run("update", update)
