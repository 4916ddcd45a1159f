"""Train the project's own backbone on formula-driven pictures. Entry point: python -m training.pretrain --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.support.entry_point import run


def pretrain(cfg: DictConfig) -> None:
    """Run the pretraining that ``conf/pretrain.yaml`` describes and write into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.pretraining.run import pretrain_run
    from training.pretraining.settings import read_pretraining_settings

    pretrain_run(read_pretraining_settings(cfg), Path(HydraConfig.get().runtime.output_dir))


if __name__ == "__main__":
    run("pretrain", pretrain)
