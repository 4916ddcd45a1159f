"""Small defect maps, trained in seconds through the composed configs."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from tests.training.small_plates import compose_config
from training.runs.defect_map_run import train_defect_map_run
from training.runs.defect_map_settings import read_defect_map_run_settings

SMALL = (
    "defect_map=tiny",
    "defect_map.architecture.prediction_channels=[4,8,8]",
    "defect_map.optimisation={steps: 5, crop: 32, batch: 2, warmup_steps: 0}",
    "defect_map.map.resize={side: shorter, pixels: 64}",
    "device=cpu",
)


def train_defect_map(root: Path, run: Path, *overrides: str) -> dict[str, Any]:
    """Train into a run folder that records its config, as the entry point does."""
    cfg = compose_config("train_defect_map", [f"dataset.root={root}", *SMALL, *overrides])
    (run / ".hydra").mkdir(parents=True, exist_ok=True)
    OmegaConf.save(cfg, run / ".hydra" / "config.yaml")
    return train_defect_map_run(read_defect_map_run_settings(cfg), run)
