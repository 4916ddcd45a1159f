"""Join trained coresets into one. Entry point: python -m training.meld --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder
from training.tracking.tracker import tracked


def meld(cfg: DictConfig) -> None:
    """Run the meld that ``conf/meld.yaml`` describes and write into Hydra's run folder."""
    # imported here: numba loads slowly, and --help does not need it
    from training.runs.earlier_run import RESULTS
    from training.runs.meld_run import meld_run
    from training.runs.settings import read_meld_settings

    settings = read_meld_settings(cfg)
    with own_run_folder(cfg, RESULTS) as folder, tracked(cfg, folder):
        meld_run(settings, folder)


if __name__ == "__main__":
    run("meld", meld)
