"""Adapt an extractor to the nominal images of a dataset. Entry point: python -m training.adapt --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.support.entry_point import run


def adapt(cfg: DictConfig) -> None:
    """Run the adaptation that ``conf/adapt.yaml`` describes and write into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.pretraining.adapting import adapt_run
    from training.pretraining.settings import read_adaptation_settings

    adapt_run(read_adaptation_settings(cfg), Path(HydraConfig.get().runtime.output_dir))


if __name__ == "__main__":
    run("adapt", adapt)
