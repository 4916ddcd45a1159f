"""Update a trained coreset with another dataset. Entry point: python -m training.finetune --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.support.entry_point import run


def finetune(cfg: DictConfig) -> None:
    """Run what ``conf/finetune.yaml`` describes, into Hydra's run folder."""
    from training.runs.training_run import (
        finetune_run,  # torch loads for seconds: --help and mistyped settings need not wait for it
    )

    finetune_run(cfg, Path(HydraConfig.get().runtime.output_dir))


if __name__ == "__main__":
    run("finetune", finetune)
