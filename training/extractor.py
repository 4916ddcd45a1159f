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
from torchvision.models.feature_extraction import create_feature_extractor

from training.backbone_graph import folded
from training.backbone_weights import find_weights, sha256_of
from training.receptive_field import layer_without_map
from training.tiled_features import TiledBackbone, TileSize, whole_features
from training.user_error import UserError

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
        more than ``largest_whole`` pixels, in as many as bound the memory. They differ by rounding only.

        Raises UserError for an image that is too small for the backbone, or too large and not to be tiled.
        """
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
            if self.resize is not None:
                pixels = self._resized(pixels)
            size = (pixels.shape[2], pixels.shape[3])
            mean, std = own_contrast(pixels) if self.standardise else (self.mean, self.std)

        def window(rows: slice, columns: slice) -> torch.Tensor:
            part = pixels[:, :, rows, columns].to(self.mean.device, torch.float32, copy=True)
            if pixels.dtype == torch.uint8:
                part /= 255
            return part.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)

        if size[0] * size[1] <= self.largest_whole:
            with torch.inference_mode():
                try:
                    features = whole_features(self.backbone, window(slice(None), slice(None)), self.pooling)
                except RuntimeError as error:
                    if min(image.shape[:2]) >= 64:  # not the image's fault
                        raise
                    raise UserError(
                        f"an image of {image.shape[1]} x {image.shape[0]} pixels is too small for this backbone"
                    ) from error
            yield PatchStrip(features.cpu().numpy(), 0, len(features))
            return
        tiles = self._tiled.strips(window, size)
        while True:
            with torch.inference_mode():  # not around a yield: the mode would reach the caller
                strip = next(tiles, None)
            if strip is None:
                return
            yield PatchStrip(strip.features.cpu().numpy(), strip.first, strip.height)

    def _resized(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return uint8 pixels (1, 3, H, W) as float32 in 0..1, resized: columns first, by bands of rows, then rows, so
        that no whole image is held as float32.
        """
        assert self.resize is not None
        height, width = pixels.shape[2:]
        scale = self.resize["pixels"] / (min if self.resize["side"] == "shorter" else max)(height, width)
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
    with torch.random.fork_rng(devices=[]):  # torchvision's constructors draw from torch's global generator
        backbone = torchvision.models.get_model(config["architecture"], weights=None)
    if config["activation"] == "relu":
        _replace_hardswish(backbone)
    all_names = set(backbone.state_dict())
    try:
        truncated = create_feature_extractor(backbone.eval(), return_nodes=list(config["layers"]))
    except ValueError as error:
        raise UserError(
            f"extractor.layers {config['layers']}: not all are nodes of {config['architecture']}: {error}"
        ) from error
    needed = [name for name in truncated.state_dict() if not name.endswith("num_batches_tracked")]
    # the project's own weights were trained with the original activation
    fitting = needed if config["activation"] == "original" else []
    weights = find_weights(config["weights"], config["architecture"], config["seed"], backbone, fitting)
    _load(truncated, weights.state, all_names, config["weights"])
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


def _replace_hardswish(module: nn.Module) -> None:
    """Make a MobileNetV3 the 'minimalistic' one, whose published weights expect ReLU."""
    for name, child in module.named_children():
        if isinstance(child, nn.Hardswish):
            setattr(module, name, nn.ReLU(inplace=True))
        else:
            _replace_hardswish(child)


def _load(truncated: nn.Module, full_state: dict[str, torch.Tensor], all_names: set[str], source: str) -> None:
    """Load strictly, except that weights of layers cut off may be in the file or not."""
    wanted = truncated.state_dict()
    missing = [name for name in wanted if name not in full_state and not name.endswith("num_batches_tracked")]
    if missing:
        raise UserError(
            f"extractor.weights={source} lacks {missing[0]} (and {len(missing) - 1} more), which the chosen layers need"
        )
    unexpected = sorted(set(full_state) - all_names)
    if unexpected:
        raise UserError(f"extractor.weights={source} holds {unexpected[0]}, which this architecture does not have")
    for name, tensor in wanted.items():
        if name in full_state and full_state[name].shape != tensor.shape:
            given, needed = tuple(full_state[name].shape), tuple(tensor.shape)
            raise UserError(f"extractor.weights={source}: {name} has shape {given}, this architecture needs {needed}")
    truncated.load_state_dict({name: full_state.get(name, tensor) for name, tensor in wanted.items()})
