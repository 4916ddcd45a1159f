"""The patch feature extractor (paper, section IV).

A truncated backbone's layers are pooled, resampled to common patch centres and concatenated.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.fx import GraphModule

from training.features.backbone import truncated_backbone
from training.features.backbone_graph import folded
from training.features.backbone_weights import sha256_of
from training.features.extractor_settings import ExtractorSettings, FurtherScale
from training.features.feature_store import active_store, surroundings
from training.features.layer_centres import measured_centres
from training.features.patch_grid import PatchLayout
from training.features.patch_strip import PatchStrip
from training.features.receptive_field import layer_without_map, strides_of
from training.features.resizing import BAND_PIXELS, resized, resized_shape
from training.features.stand_in import with_stand_in
from training.features.tiled_features import Strip, TiledBackbone, TileSize, Window, joined, whole_features
from training.support.document import document_of
from training.support.user_error import UserError

LEAST_CONTRAST = 0.02
"""Smallest deviation that standardising divides by, so that noise in a flat image is not amplified to a pattern."""
NORMALISED_WHOLE = 64
"""Side length [pixels] from which an image fits any backbone that accepts images."""


class FeatureExtractor(nn.Module):
    """A module with fixed parameters that turns an image into a map of patch feature vectors."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, backbone: GraphModule, fingerprint: dict[str, Any], settings: ExtractorSettings, warnings: list[str]
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.fingerprint = fingerprint
        self.settings = settings
        self.warnings = warnings
        self.store = active_store()
        self.layout = PatchLayout(
            kernels=tuple(fingerprint["pooling"]["kernels"]),
            strides=tuple(fingerprint["strides"]),
            centres=tuple((y, x) for y, x in fingerprint["centres"]),
        )
        self.standardise: bool = fingerprint["input"]["standardise"]
        tiling = settings.tiling
        self.largest_whole: float = tiling.above_pixels if tiling else math.inf
        size = TileSize(tiling.tile_pixels, tiling.above_pixels) if tiling else TileSize(0, 0)
        self._tiled = TiledBackbone(backbone, self.layout, size)
        self.register_buffer("mean", torch.tensor(fingerprint["input"]["mean"]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(fingerprint["input"]["std"]).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    def patches(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the patch features (h, w, C) float32 of one uint8 RGB image (H, W, 3), row by row.

        Raises UserError for an image that is too small for the backbone.
        """
        strips = [strip.features for strip in self.strips(image)]
        return strips[0] if len(strips) == 1 else np.concatenate(strips)

    def strips(self, image: NDArray[np.uint8], is_drawn: bool = False) -> Iterator[PatchStrip]:
        """Return an iterator over the patch features of one uint8 RGB image (H, W, 3) from top to bottom.

        ``is_drawn`` says that this image will not come again, as an augmented one: a feature store leaves it out.

        An image of up to ``largest_whole`` pixels gives one strip, a larger one several strips that bound the memory;
        they differ by rounding only. With ``further_scales``, C holds the features at the image's own size and those of
        the smaller sizes, resampled and weighted. The maps of the smaller sizes are held whole: 2.4 bytes per pixel of
        the image for half the size, 152 channels and stride 8.

        Raises UserError for an image that is too small for the backbone, or too large for one that cannot be tiled.
        """
        if self.store is None or is_drawn:
            return self._extracted(image)
        tiling = None if self.settings.tiling is None else document_of(self.settings.tiling)
        key = {"extractor": self.fingerprint, "tiling": tiling, **surroundings(self.mean.device)}
        return self.store.strips(key, image, lambda: self._extracted(image))

    def _extracted(self, image: NDArray[np.uint8]) -> Iterator[PatchStrip]:
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
        beside = [self._small_map(pixels, further) for further in self.settings.further_scales]
        strips = self._strips(pixels)
        while True:
            with torch.inference_mode():  # not around the yield: the mode would leak to the caller
                strip = next(strips, None)
                if strip is None:
                    return
                features = joined(strip, beside) if beside else strip.features
            yield PatchStrip(features.cpu().numpy(), strip.first, strip.rows, strip.columns)

    def normalised(self, image: NDArray[np.uint8]) -> torch.Tensor:
        """Return the backbone's input (1, 3, h, w) float32 for one uint8 RGB image (H, W, 3)."""
        pixels = self._resized(torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None])
        return self._window(pixels)(slice(None), slice(None))

    def _small_map(self, pixels: torch.Tensor, further: FurtherScale) -> Strip:
        """Return all features of uint8 pixels (1, 3, H, W) at a further scale, times its weight."""
        with torch.inference_mode():
            strips = list(self._strips(pixels, further.scale))
            features = torch.cat([strip.features for strip in strips]).mul_(further.weight)
            return Strip(features, 0, strips[0].rows, strips[0].columns)

    def _strips(self, pixels: torch.Tensor, further: float = 1.0) -> Iterator[Strip]:
        """Yield the features of uint8 pixels (1, 3, H, W) resized by ``further``; centres are in original pixels."""
        image, seen = (pixels.shape[2], pixels.shape[3]), self._resized(pixels, further)
        size, window = (seen.shape[2], seen.shape[3]), self._window(seen)
        if size[0] * size[1] > self.largest_whole:
            strips = self._tiled.strips(window, size)
        else:
            strips = iter([self._whole(window(slice(None), slice(None)), image)])
        for strip in strips:
            rows, columns = (axis.scaled(image[k] / size[k]) for k, axis in enumerate((strip.rows, strip.columns)))
            yield strip._replace(rows=rows, columns=columns)

    def _whole(self, normalised: torch.Tensor, image: tuple[int, int]) -> Strip:
        try:
            return whole_features(self.backbone, normalised, self.layout)
        except RuntimeError as error:
            if min(normalised.shape[2:]) >= NORMALISED_WHOLE:  # large enough: the image is not the cause
                raise
            raise UserError(f"an image of {image[1]} x {image[0]} pixels is too small for this backbone") from error

    def _window(self, pixels: torch.Tensor) -> Window:
        mean, std = own_contrast(pixels) if self.standardise else (self.mean, self.std)

        def window(rows: slice, columns: slice) -> torch.Tensor:
            part = pixels[:, :, rows, columns].to(self.mean.device, torch.float32, copy=True)
            if pixels.dtype == torch.uint8:
                part /= 255
            return part.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)

        return window

    def _resized(self, pixels: torch.Tensor, further: float = 1.0) -> torch.Tensor:
        """Return uint8 pixels (1, 3, H, W) at the size of ``resize`` times ``further``, as float32 in 0..1.

        Without either, the pixels are returned unchanged.
        """
        if self.settings.resize is None and further == 1.0:
            return pixels
        return resized(pixels, resized_shape((pixels.shape[2], pixels.shape[3]), self.settings.resize, further))


def own_contrast(pixels: torch.Tensor) -> tuple[float, float]:
    """Return mean and standard deviation of an image (1, 3, H, W) in 0..1 over all pixels and channels.

    uint8 values are divided by 255. The deviation is at least LEAST_CONTRAST.
    """
    rows = max(1, BAND_PIXELS // pixels.shape[3])
    total, squares = 0.0, 0.0
    for band in pixels.split(rows, dim=2):
        values = band.double() / (255 if pixels.dtype == torch.uint8 else 1)
        total, squares = total + values.sum().item(), squares + values.square().sum().item()
    mean = total / pixels.numel()
    return mean, max(LEAST_CONTRAST, math.sqrt(max(0.0, squares / pixels.numel() - mean**2)))


def build_extractor(settings: ExtractorSettings, device: str = "auto") -> FeatureExtractor:
    """Build an extractor.

    ``device`` is "cpu", "cuda", or "auto": CUDA if available. The extractor's ``fingerprint`` holds everything that a
    feature depends on; its ``settings`` are those that build it again; its ``warnings`` are for readers of results.
    Raises UserError for an unknown architecture or layer and for weights that do not fit.
    """
    settings, warnings = with_stand_in(settings)
    truncated, weights = truncated_backbone(settings)
    weights_sha256 = sha256_of(truncated.state_dict())
    graph = folded(truncated)
    _check_maps(graph, settings.architecture)
    resolved = replace(
        settings,
        weights=weights.source,
        standardise=weights.standardise if settings.standardise is None else settings.standardise,
        centres=_centres(graph, settings, weights_sha256) if settings.centres is None else settings.centres,
    )
    fingerprint = _fingerprint(resolved, strides_of(graph), weights_sha256)
    return FeatureExtractor(graph, fingerprint, resolved, [*warnings, *weights.warnings]).to(chosen_device(device))


def _fingerprint(settings: ExtractorSettings, strides: list[int], weights_sha256: str) -> dict[str, Any]:
    document = document_of(settings)
    return {
        **{name: document[name] for name in ("provider", "architecture", "layers", "activation", "padding")},
        "pooling": {"kernels": list(settings.kernels), "borders": "zeros"},
        "strides": strides,
        "centres": document["centres"],
        "input": {name: document[name] for name in ("mean", "std", "resize", "standardise")},
        "further_scales": document["further_scales"],
        "weights_sha256": weights_sha256,
    }


_measured: dict[tuple[object, ...], tuple[tuple[float, float], ...]] = {}


def _centres(graph: GraphModule, settings: ExtractorSettings, weights_sha256: str) -> tuple[tuple[float, float], ...]:
    """Return the measured centres of the layers; cached per process for equal networks, since it takes a second."""
    key = (weights_sha256, settings.architecture, settings.layers, settings.activation, settings.padding)
    if key not in _measured:
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (settings.mean, settings.std))
        _measured[key] = tuple((y, x) for y, x in measured_centres(graph, mean, std))
    return _measured[key]


def chosen_device(device: str) -> torch.device:
    """Return the torch device of a config's ``device``. Raises UserError if it is not available."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device=cuda, but torch finds no CUDA device; use device=cpu")
    return torch.device(device)


def _check_maps(graph: GraphModule, architecture: str) -> None:
    try:
        layer = layer_without_map(graph)
    except (RuntimeError, AssertionError) as error:  # for example ViT
        raise UserError(f"extractor.architecture {architecture} does not accept images of any size: {error}") from error
    if layer is not None:
        raise UserError(
            f"extractor.layers: the output of {layer} of {architecture} is not a map (channels, rows, columns)"
        )
