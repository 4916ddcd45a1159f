"""Add images to a trained coreset. Entry point: python -m training.update --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder
from training.tracking.tracker import tracked


def update(cfg: DictConfig) -> None:
    """Run the update that ``conf/update.yaml`` describes and write into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.earlier_run import RESULTS
    from training.runs.settings import read_continuation_settings
    from training.runs.training_run import update_run

    settings = read_continuation_settings(cfg)
    with own_run_folder(cfg, RESULTS) as folder, tracked(cfg, folder):
        update_run(settings, folder)


if __name__ == "__main__":
    run("update", update)
