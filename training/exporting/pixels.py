"""The first nodes: a batch of camera images becomes planes of RGB in 0..1."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from training.exporting.geometry import Geometry, GraphSize
from training.exporting.graph import OnnxGraph
from training.features.extractor_settings import ResizeExactly, ResizeSide

INPUTS = {"uint8": ir.DataType.UINT8, "float32": ir.DataType.FLOAT}
"""Types of the input: uint8 0..255, or float32 0..1."""


@dataclass(frozen=True)
class Pixels:
    """Planes (N, 3, H, W) float32 of RGB in 0..1, and their size."""

    planes: ir.Value
    size: GraphSize


def image_input(pixels: str, size: tuple[int, ...] | None = None) -> ir.Value:
    """Return the input ``image`` (batch, height, width, 3), RGB, of a type of INPUTS; ``size`` (H, W) None: any."""
    return ir.val("image", INPUTS[pixels], ir.Shape(["batch", *(size or ("height", "width")), 3]))


def planes_of(graph: OnnxGraph, image: ir.Value) -> Pixels:
    """Return the planes of the input."""
    size = GraphSize(graph.size_of(image, 1), graph.size_of(image, 2))
    planes = graph.op.Transpose(image, perm=[0, 3, 1, 2])
    if image.dtype == ir.DataType.UINT8:
        planes = graph.op.Div(graph.as_float(planes), graph.constant(255.0))
    return Pixels(planes, size)


def resized(
    graph: OnnxGraph, pixels: Pixels, resize: ResizeSide | ResizeExactly | None, further: float = 1.0
) -> Pixels:
    """Return pixels at the size of ``resize`` times ``further``; without either, unchanged."""
    if resize is None and further == 1.0:
        return pixels
    geometry = Geometry(graph)
    size = geometry.resized_size(pixels.size, resize, further)
    return Pixels(geometry.resized(pixels.planes, pixels.size, size), size)


def as_input(image: NDArray[np.uint8], pixels: str) -> NDArray[Any]:
    """Return an image (H, W, 3) as a batch (1, H, W, 3) of the input's type."""
    return image[None] if pixels == "uint8" else image[None].astype(np.float32) / 255
