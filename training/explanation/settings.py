"""Settings of an explanation, read from its composed config."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.explanation.nearest_patches import Box
from training.model.settings import ModelOverrides, read_model_overrides
from training.support.settings_schema import check_settings
from training.support.user_error import UserError


@dataclass(frozen=True)
class ExplanationSettings:
    """Settings of an explanation (``conf/explain.yaml``)."""

    model: Path
    image: Path
    box: Box | None
    output: Path
    patches: int
    members: int
    overrides: ModelOverrides


def read_explanation_settings(cfg: DictConfig) -> ExplanationSettings:
    """Read a composed ``conf/explain.yaml``. Raises UserError for a wrong setting."""
    check_settings(cfg)
    return ExplanationSettings(
        model=Path(cfg.model),
        image=Path(cfg.image),
        box=read_box(cfg.box),
        output=Path(cfg.output),
        patches=cfg.patches,
        members=cfg.members,
        overrides=read_model_overrides(cfg),
    )


def read_box(value: Any) -> Box | None:
    """Return a box from four whole numbers. Raises UserError for anything else."""
    if value is None:
        return None
    numbers = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    if not isinstance(numbers, list) or len(numbers) != 4 or not all(type(n) is int for n in numbers):
        raise UserError(f"box={numbers} must be four whole numbers: left, top, width, height [pixels]")
    left, top, width, height = numbers
    return left, top, width, height


def with_bracketed_box(arguments: list[str]) -> list[str]:
    """Return a command line with ``box=1,2,3,4`` as ``box=[1,2,3,4]``; Hydra takes the former for a sweep."""
    return [f"box=[{a.removeprefix('box=')}]" if a.startswith("box=") and a[4:5].isdigit() else a for a in arguments]
