"""The patch feature extractor (paper, section IV): a truncated torchvision backbone, pooled, upsampled and
concatenated.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor

from training.backbone_weights import find_weights, sha256_of
from training.user_error import UserError


class FeatureExtractor(nn.Module):
    """Turns an image into a map of patch feature vectors; its parameters are fixed."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, backbone: nn.Module, fingerprint: dict[str, Any], config: dict[str, Any], warnings: list[str]
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.fingerprint = fingerprint
        self.config = config
        self.warnings = warnings
        self.pooling: int = fingerprint["pooling"]["kernel"]
        self.resize: dict[str, Any] | None = fingerprint["input"]["resize"]
        self.register_buffer("mean", torch.tensor(fingerprint["input"]["mean"]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(fingerprint["input"]["std"]).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Return (B, C, h, w) patch features of normalised images (B, 3, H, W); h and w are those of the finest
        layer.
        """
        maps = [self._pooled(feature_map) for feature_map in self.backbone(batch).values()]
        size = max((m.shape[-2:] for m in maps), key=lambda shape: shape[0] * shape[1])
        same = [
            m if m.shape[-2:] == size else F.interpolate(m, size, mode="bilinear", align_corners=False) for m in maps
        ]
        return torch.cat(same, dim=1)

    @torch.inference_mode()
    def patches(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the (h, w, C) float32 patch features of one uint8 RGB image (H, W, 3), row by row as the image.

        Raises UserError for an image that is too small for the backbone.
        """
        pixels = torch.from_numpy(np.ascontiguousarray(image)).to(self.mean.device).permute(2, 0, 1)[None].float() / 255
        if self.resize is not None:
            pixels = F.interpolate(
                pixels, self._resized(image.shape), mode="bilinear", align_corners=False, antialias=True
            )
        try:
            features = self((pixels - self.mean) / self.std)[0]
        except RuntimeError as error:
            if min(image.shape[:2]) >= 64:  # not the image's fault
                raise
            raise UserError(
                f"an image of {image.shape[1]} x {image.shape[0]} pixels is too small for this backbone"
            ) from error
        return features.permute(1, 2, 0).contiguous().cpu().numpy()

    def _pooled(self, feature_map: torch.Tensor) -> torch.Tensor:
        """Average over windows at stride 1, the last rows and columns repeated so that the map keeps its size.

        ``AvgPool2d(2, 1, 1)`` would add a row and a column, and mix zeros into the border's patches.
        """
        if self.pooling == 1:
            return feature_map
        before, after = (self.pooling - 1) // 2, self.pooling // 2
        return F.avg_pool2d(
            F.pad(feature_map, (before, after, before, after), mode="replicate"), self.pooling, stride=1
        )

    def _resized(self, shape: tuple[int, ...]) -> tuple[int, int]:
        assert self.resize is not None
        pick = min if self.resize["side"] == "shorter" else max
        scale = self.resize["pixels"] / pick(shape[:2])
        return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


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
    weights = find_weights(config["weights"], config["architecture"], config["seed"], backbone)
    all_names = set(backbone.state_dict())
    try:
        truncated = create_feature_extractor(backbone.eval(), return_nodes=list(config["layers"]))
    except ValueError as error:
        raise UserError(
            f"extractor.layers {config['layers']}: not all are nodes of {config['architecture']}: {error}"
        ) from error
    _load(truncated, weights.state, all_names, config["weights"])
    fingerprint = {
        "architecture": config["architecture"],
        "layers": list(config["layers"]),
        "activation": config["activation"],
        "pooling": {"kernel": config["pooling"], "padding": "replicate"},
        "input": {"mean": list(config["mean"]), "std": list(config["std"]), "resize": config["resize"]},
        "weights_sha256": sha256_of(truncated.state_dict()),
    }
    config["weights"] = weights.source  # what a model file must name to build this extractor again
    return FeatureExtractor(truncated, fingerprint, config, weights.warnings).to(chosen_device(device))


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
