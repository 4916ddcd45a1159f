"""Drop members of a trained coreset that hide a defect. Entry point: python -m training.forget --help."""

import sys

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.run_folder import own_run_folder


def forget(cfg: DictConfig) -> None:
    """Run the forgetting that ``conf/forget.yaml`` describes and write into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.earlier_run import RESULTS
    from training.runs.forget_run import forget_run
    from training.runs.settings import read_forget_settings

    settings = read_forget_settings(cfg)
    with own_run_folder(cfg, RESULTS) as folder:
        forget_run(settings, folder)


if __name__ == "__main__":
    from training.explanation.settings import with_bracketed_box

    sys.argv[1:] = with_bracketed_box(sys.argv[1:])
    run("forget", forget)
