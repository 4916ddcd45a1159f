"""Adapt an extractor to the nominal images of a dataset. Entry point: python -m training.adapt --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder


def adapt(cfg: DictConfig) -> None:
    """Run the adaptation that ``conf/adapt.yaml`` describes and write into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.pretraining.adapting import WEIGHTS, adapt_run
    from training.pretraining.settings import read_adaptation_settings

    settings = read_adaptation_settings(cfg)
    with own_run_folder(cfg, (WEIGHTS,)) as folder:
        adapt_run(settings, folder)


if __name__ == "__main__":
    run("adapt", adapt)
