"""Join trained coresets into one. Entry point: python -m training.meld --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.support.entry_point import run


def meld(cfg: DictConfig) -> None:
    """Run the meld that ``conf/meld.yaml`` describes and write into Hydra's run folder."""
    # imported here: numba loads slowly, and --help does not need it
    from training.runs.meld_run import meld_run
    from training.runs.settings import read_meld_settings

    meld_run(read_meld_settings(cfg), Path(HydraConfig.get().runtime.output_dir))


if __name__ == "__main__":
    run("meld", meld)
