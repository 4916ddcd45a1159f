"""Update a trained coreset with another dataset. Entry point: python -m training.finetune --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder
from training.tracking.tracker import tracked


def finetune(cfg: DictConfig) -> None:
    """Run the finetuning that ``conf/finetune.yaml`` describes and write into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.earlier_run import RESULTS
    from training.runs.settings import read_continuation_settings
    from training.runs.training_run import finetune_run

    settings = read_continuation_settings(cfg)
    with own_run_folder(cfg, RESULTS) as folder, tracked(cfg, folder):
        finetune_run(settings, folder)


if __name__ == "__main__":
    run("finetune", finetune)
