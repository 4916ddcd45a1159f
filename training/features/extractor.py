"""The patch feature extractor (paper, section IV): a truncated torchvision backbone, pooled, upsampled and
concatenated.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf
from torch import nn
from torch.fx import GraphModule

from training.features.backbone import truncated_backbone
from training.features.backbone_graph import folded
from training.features.backbone_weights import sha256_of
from training.features.receptive_field import layer_without_map
from training.features.tiled_features import Strip, TiledBackbone, TileSize, Window, joined, whole_features
from training.support.user_error import UserError

LEAST_CONTRAST = 0.02
"""A flat image's deviation counts as this, so that its noise is not taken for a pattern."""
_BAND_PIXELS = 2**20


class PatchStrip(NamedTuple):
    """Features (rows, w, C) float32 of some rows of an image's patches, from row ``first`` of ``height`` on."""

    features: NDArray[np.float32]
    first: int
    height: int


class FeatureExtractor(nn.Module):
    """Turns an image into a map of patch feature vectors; its parameters are fixed."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, backbone: GraphModule, fingerprint: dict[str, Any], config: dict[str, Any], warnings: list[str]
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.fingerprint = fingerprint
        self.config = config
        self.warnings = warnings
        self.pooling: int = fingerprint["pooling"]["kernel"]
        self.resize: dict[str, Any] | None = fingerprint["input"]["resize"]
        self.further_scales: list[dict[str, float]] = fingerprint.get("further_scales", [])
        self.standardise: bool = fingerprint["input"].get("standardise", False)
        tiling = config.get("tiling")  # models of older versions know of none
        self.largest_whole: float = tiling["above_pixels"] if tiling else math.inf
        size = TileSize(tiling["tile_pixels"], tiling["above_pixels"]) if tiling else TileSize(0, 0)
        self._tiled = TiledBackbone(backbone, self.pooling, size)
        self.register_buffer("mean", torch.tensor(fingerprint["input"]["mean"]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(fingerprint["input"]["std"]).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    def patches(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the (h, w, C) float32 patch features of one uint8 RGB image (H, W, 3), row by row as the image.

        Raises UserError for an image that is too small for the backbone.
        """
        strips = [strip.features for strip in self.strips(image)]
        return strips[0] if len(strips) == 1 else np.concatenate(strips)

    def strips(self, image: NDArray[np.uint8]) -> Iterator[PatchStrip]:
        """Yield the patch features of one uint8 RGB image (H, W, 3) from top to bottom: in one strip, or, where it has
        more than ``largest_whole`` pixels, in as many as bound the memory. They differ by rounding only. With
        ``further_scales`` C holds the features of the image at its own size and, resampled and weighted, those of the
        smaller ones, whose maps are held whole (at half the image's size, with 152 channels at stride 8, 2.4 bytes for
        each of its pixels).

        Raises UserError for an image that is too small for the backbone, or too large and not to be tiled.
        """
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
        beside = [self._small_map(pixels, **further) for further in self.further_scales]
        strips = self._strips(self._resized(pixels), (image.shape[0], image.shape[1]))
        while True:
            with torch.inference_mode():  # not around a yield: the mode would reach the caller
                strip = next(strips, None)
                if strip is None:
                    return
                features = joined(strip, beside) if beside else strip.features
            yield PatchStrip(features.cpu().numpy(), strip.first, strip.height)

    def normalised(self, image: NDArray[np.uint8]) -> torch.Tensor:
        """Return the float32 pixels (1, 3, h, w) that the backbone sees of one uint8 RGB image (H, W, 3)."""
        pixels = self._resized(torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None])
        return self._window(pixels)(slice(None), slice(None))

    def _small_map(self, pixels: torch.Tensor, scale: float, weight: float) -> torch.Tensor:
        """Return the features (h, w, C), times ``weight``, of uint8 pixels (1, 3, H, W) made smaller by ``scale``."""
        with torch.inference_mode():
            size = (pixels.shape[2], pixels.shape[3])
            strips = self._strips(self._resized(pixels, scale), size)
            return torch.cat([strip.features for strip in strips]).mul_(weight)

    def _strips(self, pixels: torch.Tensor, image: tuple[int, int]) -> Iterator[Strip]:
        """Yield the features of resized pixels (1, 3, h, w) of an image (H, W)."""
        size, window = (pixels.shape[2], pixels.shape[3]), self._window(pixels)
        if size[0] * size[1] > self.largest_whole:
            yield from self._tiled.strips(window, size)
            return
        try:
            features = whole_features(self.backbone, window(slice(None), slice(None)), self.pooling)
        except RuntimeError as error:
            if min(size) >= 64:  # not the image's fault
                raise
            raise UserError(f"an image of {image[1]} x {image[0]} pixels is too small for this backbone") from error
        yield Strip(features, 0, len(features))

    def _window(self, pixels: torch.Tensor) -> Window:
        mean, std = own_contrast(pixels) if self.standardise else (self.mean, self.std)

        def window(rows: slice, columns: slice) -> torch.Tensor:
            part = pixels[:, :, rows, columns].to(self.mean.device, torch.float32, copy=True)
            if pixels.dtype == torch.uint8:
                part /= 255
            return part.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)

        return window

    def _resized(self, pixels: torch.Tensor, further: float = 1.0) -> torch.Tensor:
        """Return uint8 pixels (1, 3, H, W) at the size of ``resize`` times ``further``, as float32 in 0..1, or as they
        are: columns first, by bands of rows, then rows, so that no whole image is held as float32.
        """
        height, width = pixels.shape[2:]
        scale = further
        if self.resize is not None:
            scale *= self.resize["pixels"] / (min if self.resize["side"] == "shorter" else max)(height, width)
        elif further == 1.0:
            return pixels
        new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
        how: dict[str, Any] = {"mode": "bilinear", "align_corners": False, "antialias": True}
        bands = pixels.split(max(1, _BAND_PIXELS // width), dim=2)
        narrowed = [F.interpolate(band.float() / 255, (band.shape[2], new_width), **how) for band in bands]
        return F.interpolate(torch.cat(narrowed, dim=2), (new_height, new_width), **how)


def own_contrast(pixels: torch.Tensor) -> tuple[float, float]:
    """Return mean and standard deviation of an image's (1, 3, H, W) values in 0..1 over all pixels and channels, the
    deviation at least LEAST_CONTRAST; uint8 values are taken as 255ths.
    """
    rows = max(1, _BAND_PIXELS // pixels.shape[3])
    total, squares = 0.0, 0.0
    for band in pixels.split(rows, dim=2):
        values = band.double() / (255 if pixels.dtype == torch.uint8 else 1)
        total, squares = total + values.sum().item(), squares + values.square().sum().item()
    mean = total / pixels.numel()
    return mean, max(LEAST_CONTRAST, math.sqrt(max(0.0, squares / pixels.numel() - mean**2)))


def build_extractor(cfg: DictConfig, device: str = "auto") -> FeatureExtractor:
    """Build the extractor that ``conf/extractor`` describes, on "cpu", "cuda" or, for "auto", CUDA where there is
    one.

    ``fingerprint`` holds all that a feature depends on; ``warnings`` tell what a reader of a result must know. Raises
    UserError for an unknown architecture or layer and for weights that do not fit.
    """
    config: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    _check(config)
    truncated, weights = truncated_backbone(config)
    if config.get("standardise") is None:  # models of earlier versions lack it
        config["standardise"] = weights.standardise
    fingerprint = {
        "architecture": config["architecture"],
        "layers": list(config["layers"]),
        "activation": config["activation"],
        "pooling": {"kernel": config["pooling"], "padding": "replicate"},
        "input": {"mean": list(config["mean"]), "std": list(config["std"]), "resize": config["resize"]},
        "weights_sha256": sha256_of(truncated.state_dict()),
    }
    if config.get("further_scales"):  # models of earlier versions lack it
        fingerprint["further_scales"] = config["further_scales"]
    if config["standardise"]:
        fingerprint["input"]["standardise"] = True
    config["weights"] = weights.source  # what a model file must name to build this extractor again
    graph = folded(truncated)
    _check_maps(graph, config["architecture"])
    return FeatureExtractor(graph, fingerprint, config, weights.warnings).to(chosen_device(device))


def chosen_device(device: str) -> torch.device:
    """Return the torch device of a config's ``device``; raises UserError where it is not there."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device not in ("cpu", "cuda"):
        raise UserError(f"device {device!r} is none of auto, cpu, cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device=cuda, but torch finds no CUDA device; use device=cpu")
    return torch.device(device)


def _check(config: dict[str, Any]) -> None:
    if config["architecture"] not in torchvision.models.list_models(module=torchvision.models):
        raise UserError(f"extractor.architecture {config['architecture']!r} is no torchvision classification model")
    for further in config.get("further_scales") or []:
        if set(further) != {"scale", "weight"} or not 0 < further["scale"] < 1 or not further["weight"] > 0:
            raise UserError(
                f"extractor.further_scales {further}: give {{scale: between 0 and 1, weight: above 0}} for each"
            )
    if config["activation"] not in ("original", "relu"):
        raise UserError(f"extractor.activation {config['activation']!r} is none of original, relu")
    if config["pooling"] < 1:
        raise UserError(f"extractor.pooling {config['pooling']} must be at least 1")
    resize = config["resize"]
    if resize is not None and (
        set(resize) != {"side", "pixels"} or resize["side"] not in ("shorter", "longer") or resize["pixels"] < 1
    ):
        raise UserError("extractor.resize must be null or {side: shorter|longer, pixels: N}")
    tiling = config.get("tiling")
    if tiling is not None and (
        set(tiling) != {"above_pixels", "tile_pixels"} or not all(isinstance(n, int) and n > 0 for n in tiling.values())
    ):
        raise UserError("extractor.tiling must be null or {above_pixels: N, tile_pixels: N}")


def _check_maps(graph: GraphModule, architecture: str) -> None:
    try:
        layer = layer_without_map(graph)
    except (RuntimeError, AssertionError) as error:  # such as ViT's
        raise UserError(f"extractor.architecture {architecture} does not take images of any size: {error}") from error
    if layer is not None:
        raise UserError(
            f"extractor.layers: {layer} of {architecture} gives no map (channels, rows, columns) of an image"
        )
