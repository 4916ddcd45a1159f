"""torch networks as ONNX graphs of any batch, height and width."""

import copy
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import onnx_ir as ir
import onnxscript  # noqa: F401 - the exporter needs it; if it is missing, say so before the work
import torch
from torch import Tensor, fx, nn

from training.defect_map.large_kernel import MergedKernel
from training.defect_map.network import DefectMapNetwork
from training.exporting.graph import OPSET
from training.features.extractor import FeatureExtractor

_EXAMPLE = (2, 3, 96, 160)
"""Lengths that differ from each other and from 1, which torch would take for constants."""
_LEAST = 32
_NETWORK = ("provider", "architecture", "layers", "activation", "padding", "weights_sha256")
"""Fields of a fingerprint that describe the network itself."""


class _Layers(nn.Module):
    def __init__(self, backbone: fx.GraphModule) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return the maps of all layers for normalised pixels (N, 3, h, w)."""
        return tuple(self.backbone(pixels).values())


class _Level(nn.Module):
    def __init__(self, network: DefectMapNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the map (N, h, w) for pixels (N, 3, h, w) in 0..1: -ln(1 - p)."""
        return nn.functional.softplus(self.network(pixels).logits)[:, 0]


_backbones: dict[str, ir.Graph] = {}


def backbone_graph(extractor: FeatureExtractor) -> ir.Graph:
    """Return a truncated backbone: normalised pixels (N, 3, h, w) to the map of each layer.

    It is kept per process for equal networks, since tracing takes seconds.
    """
    key = json.dumps([extractor.fingerprint[name] for name in _NETWORK])
    if key not in _backbones:
        _backbones[key] = _traced(_Layers(copy.deepcopy(extractor.backbone).cpu()), 1)
    return _backbones[key]


def defect_map_graph(network: DefectMapNetwork) -> ir.Graph:
    """Return a merged defect-map network: pixels (N, 3, h, w) in 0..1 to the map (N, h, w).

    h and w must be multiples of the network's stride.
    """
    own = copy.deepcopy(network).cpu()
    for block in list(own.modules()):
        for name, child in block.named_children():
            if isinstance(child, MergedKernel):
                setattr(block, name, _convolution(child))
    return _traced(_Level(own), own.stride)


def _convolution(merged: MergedKernel) -> nn.Conv2d:
    """Return a merged kernel as torch's own convolution, which the exporter knows."""
    channels, side = merged.weight.shape[0], merged.weight.shape[2]
    with torch.device("meta"):
        plain = nn.Conv2d(channels, channels, side, padding=side // 2, groups=channels)
    plain.weight, plain.bias = merged.weight, merged.bias
    return plain


def _traced(network: nn.Module, stride: int) -> ir.Graph:
    """Return the graph of a network whose input's sides are multiples of ``stride``."""
    batch = torch.export.Dim("n", min=1)
    least = -(-_LEAST // stride)
    sides = [stride * torch.export.Dim(name, min=least) for name in ("rows", "columns")]
    lengths = _EXAMPLE[0], _EXAMPLE[1], *(-(-side // stride) * stride for side in _EXAMPLE[2:])
    with _quiet_exporter(), torch.inference_mode():
        program = torch.onnx.export(
            network.eval(),
            (torch.zeros(lengths),),
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=({0: batch, 2: sides[0], 3: sides[1]},),
            verbose=False,
        )
    assert program is not None
    return program.model.graph


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence the exporter's log lines and deprecation warnings, which tell a user nothing."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
