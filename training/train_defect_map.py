"""Train a defect map on synthetic anomalies. Entry point: python -m training.train_defect_map --help."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from training.support.entry_point import run
from training.support.free_memory import keep_freed_memory


def train_defect_map(cfg: DictConfig) -> None:
    """Run the training that ``conf/train_defect_map.yaml`` describes into Hydra's run folder."""
    # imported here: torch loads slowly, and --help does not need it
    from training.runs.defect_map_run import train_defect_map_run
    from training.runs.defect_map_settings import read_defect_map_run_settings

    keep_freed_memory()
    train_defect_map_run(read_defect_map_run_settings(cfg), Path(HydraConfig.get().runtime.output_dir))


if __name__ == "__main__":
    run("train_defect_map", train_defect_map)
