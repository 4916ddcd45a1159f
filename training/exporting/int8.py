"""Static quantisation of an exported model to int8 (ONNX Runtime): the convolutions, calibrated on nominal images."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import onnx

from training.data.image_file import read_image
from training.exporting.coreset_graph import BACKBONE
from training.exporting.defect_map_graph import NETWORKS
from training.exporting.pixels import as_input
from training.support.progress import with_progress


def quantised(model: onnx.ModelProto, images: Sequence[Path], white_level: int | None, pixels: str) -> onnx.ModelProto:
    """Return the model with the convolutions of its networks in int8: weights by channel, activations by tensor.

    The ranges of the activations are those of files of nominal ``images``. Distances, maps and decisions stay in
    float32. Raises UserError for a file that is no image.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Images(CalibrationDataReader):
        def __init__(self) -> None:
            self._left: Iterator[Path] = with_progress(images, len(images), "calibrate")

        def get_next(self) -> dict[str, Any] | None:
            path = next(self._left, None)
            return None if path is None else {"image": as_input(read_image(path, white_level), pixels)}

    networks = [
        node.name for node in model.graph.node if node.op_type == "Conv" and node.name.startswith((BACKBONE, NETWORKS))
    ]
    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)  # it advises on steps that change nothing here
    try:
        with tempfile.TemporaryDirectory(prefix="stainless_int8_") as folder:
            target = Path(folder) / "model.onnx"
            quantize_static(
                model,
                target,
                Images(),
                quant_format=QuantFormat.QDQ,
                nodes_to_quantize=networks,
                op_types_to_quantize=["Conv"],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            return onnx.load(target)
    finally:
        log.setLevel(level)
