"""Train the project's own backbone on formula-driven pictures. Entry point: python -m training.pretrain --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder


def pretrain(cfg: DictConfig) -> None:
    """Run the pretraining that ``conf/pretrain.yaml`` describes and write into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.pretraining.run import pretrain_run
    from training.pretraining.settings import read_pretraining_settings

    settings = read_pretraining_settings(cfg)
    with own_run_folder(cfg, ()) as folder:
        pretrain_run(settings, folder)


if __name__ == "__main__":
    run("pretrain", pretrain)
