"""Add images to a trained coreset. Entry point: python -m training.update --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.support.entry_point import run


def update(cfg: DictConfig) -> None:
    """Run the update that ``conf/update.yaml`` describes and write into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.settings import read_continuation_settings
    from training.runs.training_run import update_run

    update_run(read_continuation_settings(cfg), Path(HydraConfig.get().runtime.output_dir))


if __name__ == "__main__":
    run("update", update)
