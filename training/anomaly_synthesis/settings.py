"""Settings of the anomaly synthesis (``conf/synthesis``)."""

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.anomaly_synthesis.schedule import Range, StrengthSchedule
from training.support.user_error import UserError


@dataclass(frozen=True)
class Weights:
    """Weights of the choices of one kind; their order is that of the fields."""

    def shares(self) -> tuple[float, ...]:
        """Return the weights as probabilities."""
        weights = astuple(self)
        return tuple(weight / sum(weights) for weight in weights)


@dataclass(frozen=True)
class MaskKinds(Weights):
    """Weights of the shapes."""

    perlin: float
    scratch: float
    blob: float
    whole: float


@dataclass(frozen=True)
class MaskSettings:
    """Shapes of the anomalies; lengths are shares of the image's shorter side."""

    kinds: MaskKinds
    perlin_cells: tuple[int, int]
    """Least and most cells of the Perlin lattice along a side, powers of 2."""
    perlin_level: Range
    scratch_length: Range
    scratch_width: Range
    blob_radius: Range
    foreground: str
    """find, none, or a folder of masks that are named as the images."""


@dataclass(frozen=True)
class SourceKinds(Weights):
    """Weights of the sources of an anomaly's appearance."""

    formula: float
    own_images: float
    folder: float
    labelled: float
    rendered: float


@dataclass(frozen=True)
class SourceSettings:
    """Sources of the anomalies' appearance, and where the external ones lie."""

    kinds: SourceKinds
    folder: Path | None
    """Folder of pictures, searched recursively (source folder)."""
    labelled: tuple[Path, ...]
    """MVTec-layout folders of other products (source labelled)."""
    rendered: tuple[Path, ...]
    """Dataset folders of rendered triplets (source rendered)."""
    impurities: bool
    """True: rendered impurities appear as sound examples; false leaves them out."""

    def needed(self, kind: str) -> bool:
        """Return whether a source has a weight."""
        return bool(getattr(self.kinds, kind) > 0)


@dataclass(frozen=True)
class BlendingKinds(Weights):
    """Weights of the ways to bring a source into an image."""

    linear: float
    feathered: float
    poisson: float
    photometric: float


@dataclass(frozen=True)
class BlendingSettings:
    """Ways of blending, the width of feathered edges [px], and the strength."""

    kinds: BlendingKinds
    feather: Range
    strength: StrengthSchedule


@dataclass(frozen=True)
class VisibilitySettings:
    """The least visible change: grey levels, multiple of the local deviation, and pixels of a region."""

    levels: float
    contrast: float
    least_pixels: int


@dataclass(frozen=True)
class SoundSettings:
    """Changes of every training image, anomalous or not: probability of each flip, turn [rad], and gain."""

    flip_probability: float
    turn: Range
    gain: Range


@dataclass(frozen=True)
class SynthesisSettings:
    """All settings of the synthesis; ``conf/synthesis/base.yaml`` describes each."""

    anomalous: float
    """Share of the training images that are changed."""
    masks: MaskSettings
    sources: SourceSettings
    blending: BlendingSettings
    visibility: VisibilitySettings
    sound: SoundSettings


def read_synthesis_settings(cfg: DictConfig) -> SynthesisSettings:
    """Read a composed ``conf/synthesis`` whose types and ranges have been checked.

    Raises UserError for weights that are all zero, a range in the wrong order, and a source without its folder.
    """
    given: Any = OmegaConf.to_container(cfg, resolve=True)
    masks, sources, blending = given["masks"], given["sources"], given["blending"]
    strength = blending["strength"]
    settings = SynthesisSettings(
        anomalous=given["anomalous"],
        masks=MaskSettings(
            kinds=MaskKinds(**masks["kinds"]),
            perlin_cells=_cells(masks["perlin_cells"]),
            perlin_level=_range("masks.perlin_level", masks["perlin_level"]),
            scratch_length=_range("masks.scratch_length", masks["scratch_length"]),
            scratch_width=_range("masks.scratch_width", masks["scratch_width"]),
            blob_radius=_range("masks.blob_radius", masks["blob_radius"]),
            foreground=masks["foreground"],
        ),
        sources=SourceSettings(
            kinds=SourceKinds(**sources["kinds"]),
            folder=None if sources["folder"] is None else Path(sources["folder"]),
            labelled=_folders(sources["labelled"]),
            rendered=_folders(sources["rendered"]),
            impurities=sources["impurities"],
        ),
        blending=BlendingSettings(
            kinds=BlendingKinds(**blending["kinds"]),
            feather=_range("blending.feather", blending["feather"]),
            strength=StrengthSchedule(
                strong=_range("blending.strength.strong", strength["strong"]),
                faint=_range("blending.strength.faint", strength["faint"]),
                begin=strength["begin"],
                end=strength["end"],
            ),
        ),
        visibility=VisibilitySettings(**given["visibility"]),
        sound=SoundSettings(
            given["sound"]["flip_probability"],
            _range("sound.turn", given["sound"]["turn"]),
            _range("sound.gain", given["sound"]["gain"]),
        ),
    )
    _check(settings)
    return settings


def _check(settings: SynthesisSettings) -> None:
    strength, sources = settings.blending.strength, settings.sources
    for name, weights in (
        ("masks", settings.masks.kinds),
        ("sources", sources.kinds),
        ("blending", settings.blending.kinds),
    ):
        if sum(astuple(weights)) <= 0:
            raise UserError(f"synthesis.{name}.kinds: all weights are 0; give at least one a weight")
    if strength.begin > strength.end:
        raise UserError(f"synthesis.blending.strength: begin {strength.begin:g} comes after end {strength.end:g}")
    for kind, place in (("folder", sources.folder), ("labelled", sources.labelled), ("rendered", sources.rendered)):
        if sources.needed(kind) and not place:
            raise UserError(f"the source {kind} needs its pictures: set synthesis.sources.{kind}=...")


def _range(name: str, values: list[float]) -> Range:
    low, high = values
    if low > high:
        raise UserError(f"synthesis.{name} {values}: the first value must not be above the second")
    return low, high


def _cells(values: list[int]) -> tuple[int, int]:
    low, high = values
    if low > high or any(value & (value - 1) for value in values):
        raise UserError(f"synthesis.masks.perlin_cells {values} must be two powers of 2 in ascending order")
    return low, high


def _folders(given: str | list[str] | None) -> tuple[Path, ...]:
    if given is None:
        return ()
    return (Path(given),) if isinstance(given, str) else tuple(Path(folder) for folder in given)
