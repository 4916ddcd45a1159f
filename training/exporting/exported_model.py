"""An exported file in its runtime: ONNX Runtime or OpenVINO, on the CPU."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.exporting.detector_graph import OUTPUTS
from training.exporting.metadata import FORMAT, KEY, VERSION
from training.exporting.pixels import as_input
from training.exporting.written_file import SUFFIXES, files_of
from training.support.user_error import UserError


@dataclass(frozen=True)
class Found:
    """The outputs for one image: map (H, W) float32, score, and whether the image is anomalous."""

    anomaly_map: NDArray[np.float32]
    score: float
    anomalous: bool


Runtime = Callable[[NDArray[Any]], list[NDArray[Any]]]


class ExportedModel:
    """An exported detector. ``record`` is the JSON inside the file."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        """Load a file of ``training.export``; ``threads`` None: as the runtime chooses.

        Raises UserError for a file that is missing, damaged or no export.
        """
        for file in files_of(path):
            if not file.is_file():
                raise UserError(f"no exported model at {file}")
        if path.suffix not in SUFFIXES.values():
            raise UserError(f"{path} is no exported model: its name ends in neither {' nor '.join(SUFFIXES.values())}")
        opened = _onnx_runtime if path.suffix == SUFFIXES["onnx"] else _openvino
        self._run, text = opened(path, threads)
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        if not isinstance(record, dict) or record.get("format") != FORMAT or record.get("version") != VERSION:
            raise UserError(f"{path} holds no record of training.export (version {VERSION}); export the model again")
        self.record: dict[str, Any] = record
        self._pixels: str = record["input"]["type"]

    def find(self, image: NDArray[np.uint8]) -> Found:
        """Return the outputs for an RGB image (H, W, 3). Raises UserError if the runtime refuses the image."""
        try:
            maps, scores, decisions = self._run(as_input(image, self._pixels))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"the runtime refuses an image of {image.shape[1]} x {image.shape[0]}: {reason}") from error
        return Found(maps[0], float(scores[0]), bool(decisions[0]))

    def anomaly_map(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the anomaly map (H, W) of an RGB image (H, W, 3). Raises UserError as ``find`` does."""
        return self.find(image).anomaly_map


def _onnx_runtime(path: Path, threads: int | None) -> tuple[Runtime, str]:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
        NotImplemented,
        RuntimeException,
    )

    refusals = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads sleep
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except refusals as error:
        raise UserError(f"{path} cannot be read as an ONNX model: {' '.join(str(error).split())[:200]}") from error

    def run(images: NDArray[Any]) -> list[NDArray[Any]]:
        try:
            outputs: list[NDArray[Any]] = session.run(list(OUTPUTS), {"image": images})
        except refusals as error:
            raise RuntimeError(str(error)) from error
        return outputs

    return run, session.get_modelmeta().custom_metadata_map.get(KEY, "")


def _openvino(path: Path, threads: int | None) -> tuple[Runtime, str]:
    import openvino

    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        raise UserError(f"{path} cannot be read as an OpenVINO model: {' '.join(str(error).split())[:200]}") from error
    # By default the CPU computes in bfloat16 where it can, and maps differ by several per cent.
    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32"}
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    compiled = openvino.Core().compile_model(model, "CPU", settings)

    def run(images: NDArray[Any]) -> list[NDArray[Any]]:
        outputs = compiled([images])
        return [np.asarray(outputs[name]) for name in OUTPUTS]

    return run, str(model.get_rt_info(KEY).astype(str)) if model.has_rt_info(KEY) else ""
