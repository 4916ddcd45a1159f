"""Settings of an extractor (``conf/extractor``)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.support.user_error import UserError


@dataclass(frozen=True)
class ResizeSide:
    """A new length [pixels] of the shorter or the longer side; the aspect is kept."""

    side: str
    pixels: int


@dataclass(frozen=True)
class ResizeExactly:
    """A new height and width [pixels]."""

    height: int
    width: int


@dataclass(frozen=True)
class FurtherScale:
    """A factor (0..1) by which the image is resized, and the weight of its features."""

    scale: float
    weight: float


@dataclass(frozen=True)
class Tiling:
    """Images of more than ``above_pixels`` are processed in tiles of about ``tile_pixels``."""

    above_pixels: int
    tile_pixels: int


@dataclass(frozen=True)
class ExtractorSettings:
    """All settings of an extractor; ``conf/extractor/base.yaml`` describes each."""

    provider: str
    padding: str
    weights_sha256: str | None
    weights_in_order: bool
    centres: tuple[tuple[float, float], ...] | None
    """Centre (y, x) [pixels] of the first feature of each layer; None: measured when the extractor is built."""
    architecture: str
    layers: tuple[str | int, ...]
    weights: str
    seed: int
    activation: str
    pooling: int | tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    standardise: bool | None
    """None: the setting that the weights were trained with."""
    resize: ResizeSide | ResizeExactly | None
    further_scales: tuple[FurtherScale, ...]
    tiling: Tiling | None

    @property
    def kernels(self) -> tuple[int, ...]:
        """The pooling kernels: one or several."""
        return (self.pooling,) if isinstance(self.pooling, int) else self.pooling


_DEFAULTS: dict[str, Any] = {
    "provider": "torchvision",
    "padding": "torch",
    "weights_sha256": None,
    "weights_in_order": False,
    "centres": None,
    "standardise": None,
    "further_scales": [],
    "tiling": None,
}
"""Settings that a hand-written configuration may leave out."""


def read_extractor_settings(cfg: DictConfig) -> ExtractorSettings:
    """Read a composed ``conf/extractor`` whose types and ranges have been checked.

    Raises UserError for an unknown or missing setting, and for a wrong ``pooling``, ``centres``, ``resize`` or
    ``tiling``.
    """
    given: Any = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    given = {**_DEFAULTS, **given}
    names = {field.name for field in fields(ExtractorSettings)}
    if set(given) != names:
        raise UserError(f"extractor: {', '.join(sorted(names ^ set(given)))} missing or unknown; see conf/extractor")
    lists = {name: tuple(given[name]) for name in ("layers", "mean", "std")}
    return ExtractorSettings(
        **{
            **given,
            **lists,
            "pooling": _pooling(given["pooling"]),
            "centres": _centres(given["centres"], len(given["layers"])),
            "resize": read_resize("extractor.resize", given["resize"]),
            "further_scales": tuple(FurtherScale(**further) for further in given["further_scales"] or ()),
            "tiling": _tiling(given["tiling"]),
        }
    )


def overridden_extractor_settings(recorded: Mapping[str, Any], overrides: Mapping[str, Any]) -> ExtractorSettings:
    """Return the settings of a model file with some fields replaced; nested fields are merged. Raises UserError."""
    merged = OmegaConf.merge(OmegaConf.create(dict(recorded)), OmegaConf.create(dict(overrides)))
    assert isinstance(merged, DictConfig)
    return read_extractor_settings(merged)


def _pooling(pooling: int | list[int]) -> int | tuple[int, ...]:
    if isinstance(pooling, int):
        return pooling
    if len(set(pooling)) < len(pooling):
        raise UserError(f"extractor.pooling {pooling} names a kernel twice")
    return tuple(pooling)


def _centres(centres: list[list[float]] | None, layers: int) -> tuple[tuple[float, float], ...] | None:
    if centres is None:
        return None
    if len(centres) != layers:
        raise UserError(f"extractor.centres {centres}: give a pair [y, x] for each of the {layers} layers, or null")
    return tuple((y, x) for y, x in centres)


def read_resize(name: str, resize: Any) -> ResizeSide | ResizeExactly | None:
    """Return the resizing that the setting ``name`` describes; None for none. Raises UserError for another form."""
    if resize is None:
        return None
    lengths = [value for name, value in resize.items() if name != "side"]
    if all(isinstance(length, int) and length >= 1 for length in lengths):
        if set(resize) == {"side", "pixels"} and resize["side"] in ("shorter", "longer"):
            return ResizeSide(**resize)
        if set(resize) == {"height", "width"}:
            return ResizeExactly(**resize)
    raise UserError(
        f"{name} must be null, {{side: shorter|longer, pixels: N}} or {{height: N, width: N}}; N at least 1"
    )


def _tiling(tiling: Any) -> Tiling | None:
    if tiling is None:
        return None
    if set(tiling) != {"above_pixels", "tile_pixels"} or not all(isinstance(n, int) and n > 0 for n in tiling.values()):
        raise UserError("extractor.tiling must be null or {above_pixels: N, tile_pixels: N}")
    return Tiling(**tiling)
