"""Fuse trained detectors into one. Entry point: python -m training.fuse --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from training.support.entry_point import run
from training.support.whole_file import write_whole


def fuse(cfg: DictConfig) -> None:
    """Run the fusion that ``conf/fuse.yaml`` describes into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.fuse_run import fuse_run, read_fuse_settings, with_recorded_dataset

    folder = Path(HydraConfig.get().runtime.output_dir)
    complete = with_recorded_dataset(cfg)
    fuse_run(read_fuse_settings(complete), folder)
    # evaluation finds its test data here
    write_whole(folder / ".hydra" / "config.yaml", OmegaConf.to_yaml(complete).encode())


if __name__ == "__main__":
    run("fuse", fuse)
