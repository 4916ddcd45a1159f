"""Fuse trained detectors into one. Entry point: python -m training.fuse --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder


def fuse(cfg: DictConfig) -> None:
    """Run the fusion that ``conf/fuse.yaml`` describes into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.earlier_run import RESULTS
    from training.runs.fuse_run import fuse_run, read_fuse_settings, with_recorded_dataset

    complete = with_recorded_dataset(cfg)
    settings = read_fuse_settings(complete)
    with own_run_folder(complete, RESULTS) as folder:
        fuse_run(settings, folder)


if __name__ == "__main__":
    run("fuse", fuse)
