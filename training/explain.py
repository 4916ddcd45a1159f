"""Explain an image by the members that its patches resemble. Entry point: python -m training.explain --help."""

import sys
from pathlib import Path

from omegaconf import DictConfig

from training.support.entry_point import run


def explain(cfg: DictConfig) -> None:
    """Write the explanation that ``conf/explain.yaml`` describes."""
    # imported here: torch loads slowly, and --help does not need it
    from training.data.dataset import open_dataset
    from training.data.settings import read_region
    from training.explanation.run import explain_run
    from training.explanation.settings import read_explanation_settings
    from training.runs.recorded_dataset import recorded_dataset

    settings = read_explanation_settings(cfg)
    explain_run(settings, open_dataset(recorded_dataset(Path(cfg.model), cfg.get("dataset"), read_region(cfg))))


if __name__ == "__main__":
    from training.explanation.settings import with_bracketed_box

    sys.argv[1:] = with_bracketed_box(sys.argv[1:])
    run("explain", explain)
