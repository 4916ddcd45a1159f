"""Settings of a coreset's collection (``conf/coreset`` and ``conf/checkpoint``)."""

from dataclasses import dataclass

from omegaconf import DictConfig

from training.coreset.reservoir import FILLINGS
from training.support.user_error import UserError


@dataclass(frozen=True)
class CoresetSettings:
    """Settings of a coreset and its epochs; ``conf/coreset/paper.yaml`` describes each."""

    size: int | None
    """Number of members; None: the source's."""
    epochs: int
    filling: str
    shuffle: bool
    seed: int
    measure_radius: bool
    backend: str
    cache_features: bool
    minimum_support: int | str
    """Members of a lower support and without company are dropped: a number, or auto."""


@dataclass(frozen=True)
class CheckpointSettings:
    """Seconds between checkpoints, and whether a run continues from one."""

    seconds: float
    resume: bool


def read_coreset_settings(cfg: DictConfig) -> CoresetSettings:
    """Read a composed ``conf/coreset``. Raises UserError for an unknown filling."""
    if cfg.filling not in FILLINGS:
        raise UserError(f"coreset.filling {cfg.filling!r} is none of {', '.join(FILLINGS)}")
    if cfg.minimum_support != 1 and not cfg.measure_radius:
        raise UserError("coreset.minimum_support needs coreset.measure_radius=true: that pass counts the supports")
    return CoresetSettings(
        size=cfg.size,
        epochs=cfg.epochs,
        filling=cfg.filling,
        shuffle=cfg.shuffle,
        seed=cfg.seed,
        measure_radius=cfg.measure_radius,
        backend=cfg.backend,
        cache_features=cfg.cache_features,
        minimum_support=cfg.minimum_support,
    )


def read_checkpoint_settings(cfg: DictConfig) -> CheckpointSettings:
    """Read a composed ``conf/checkpoint``."""
    return CheckpointSettings(cfg.seconds, cfg.resume)
