"""Train a defect map on synthetic anomalies. Entry point: python -m training.train_defect_map --help."""

from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.free_memory import keep_freed_memory
from training.support.run_folder import own_run_folder
from training.tracking.tracker import tracked


def train_defect_map(cfg: DictConfig) -> None:
    """Run the training that ``conf/train_defect_map.yaml`` describes into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.defect_map_run import train_defect_map_run
    from training.runs.defect_map_settings import read_defect_map_run_settings
    from training.runs.earlier_run import RESULTS

    keep_freed_memory()
    settings = read_defect_map_run_settings(cfg)
    with own_run_folder(cfg, RESULTS) as folder, tracked(cfg, folder):
        train_defect_map_run(settings, folder)


if __name__ == "__main__":
    run("train_defect_map", train_defect_map)
