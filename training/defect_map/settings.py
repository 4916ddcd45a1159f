"""Settings of a defect map (``conf/defect_map``)."""

from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.features.extractor_settings import ResizeExactly, ResizeSide, read_resize
from training.support.user_error import UserError

DEEP_FEATURES = ("copied", "gradient", "own", "none")
SCORES = ("maximum", "averaged_maximum")


@dataclass(frozen=True)
class ArchitectureSettings:
    """The networks: channels of their levels; ``kernels`` of the levels below the first, none for a plain U-Net."""

    reconstruction: bool
    reconstruction_channels: tuple[int, ...]
    prediction_channels: tuple[int, ...]
    kernels: tuple[int, ...]

    @property
    def stride(self) -> int:
        """The number that divides the sides of the networks' input: the size halves between levels."""
        levels = len(self.prediction_channels)
        if self.reconstruction:
            levels = max(levels, len(self.reconstruction_channels))
        return 2 ** (levels - 1)


@dataclass(frozen=True)
class LossSettings:
    """Weights of the terms, and the exponent of the focal loss."""

    l2: float
    ssim: float
    deep: float
    focal: float
    gamma: float


@dataclass(frozen=True)
class OptimisationSettings:
    """The course of a training."""

    steps: int
    batch: int
    crop: int
    """Side of the training crops [pixels]."""
    learning_rate: float
    weight_decay: float
    warmup_steps: int
    decay: str
    """cosine, or steps: a tenth at each of ``milestones``."""
    milestones: tuple[float, ...]
    """Shares (0..1) of the training."""


@dataclass(frozen=True)
class MapSettings:
    """From an image to its map."""

    resize: ResizeSide | ResizeExactly | None
    border: int
    """Width of the reflected border [pixels of the network's input]."""
    tile_pixels: int
    """Inputs of more pixels are processed in tiles of about so many."""
    score: str
    score_window: int
    """averaged_maximum: side of the averaged square [pixels of the network's input]."""


@dataclass(frozen=True)
class DefectMapSettings:
    """All settings of a defect map; ``conf/defect_map/base.yaml`` describes each."""

    seed: int
    deep_features: str
    architecture: ArchitectureSettings
    losses: LossSettings
    optimisation: OptimisationSettings
    map: MapSettings


def read_defect_map_settings(cfg: DictConfig) -> DefectMapSettings:
    """Read a composed ``conf/defect_map`` whose types and ranges have been checked.

    Raises UserError for settings that contradict each other.
    """
    given: Any = OmegaConf.to_container(cfg, resolve=True)
    settings = DefectMapSettings(
        seed=given["seed"],
        deep_features=given["deep_features"],
        architecture=read_architecture(given["architecture"]),
        losses=LossSettings(**given["losses"]),
        optimisation=OptimisationSettings(
            **{**given["optimisation"], "milestones": tuple(given["optimisation"]["milestones"])}
        ),
        map=read_map(given["map"]),
    )
    stride = settings.architecture.stride
    if settings.optimisation.crop % stride:
        raise UserError(
            f"defect_map.optimisation.crop {settings.optimisation.crop} must be a multiple of {stride}, "
            "by which the network's levels divide it"
        )
    return settings


def read_architecture(given: dict[str, Any]) -> ArchitectureSettings:
    """Return the architecture that a plain document describes. Raises UserError for kernels that do not fit."""
    architecture = ArchitectureSettings(
        reconstruction=given["reconstruction"],
        reconstruction_channels=tuple(given["reconstruction_channels"]),
        prediction_channels=tuple(given["prediction_channels"]),
        kernels=tuple(given["kernels"]),
    )
    wanted = len(architecture.prediction_channels) - 1
    if architecture.kernels and len(architecture.kernels) != wanted:
        raise UserError(
            f"defect_map.architecture.kernels {list(architecture.kernels)}: give one for each of the {wanted} levels "
            "below the first, or [] for a plain U-Net"
        )
    if any(kernel % 2 == 0 for kernel in architecture.kernels):
        raise UserError(f"defect_map.architecture.kernels {list(architecture.kernels)} must be odd")
    return architecture


def read_map(given: dict[str, Any]) -> MapSettings:
    """Return the map's settings that a plain document describes. Raises UserError for a wrong ``resize``."""
    return MapSettings(**{**given, "resize": read_resize("defect_map.map.resize", given["resize"])})
