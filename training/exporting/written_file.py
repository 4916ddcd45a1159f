"""Writing of an exported detector: one ONNX file, or OpenVINO's pair of files; whole or not at all."""

import json
import tempfile
from pathlib import Path
from typing import Any

import onnx

from training.exporting.metadata import KEY
from training.support.user_error import UserError
from training.support.whole_file import write_whole

SUFFIXES = {"onnx": ".onnx", "openvino": ".xml"}


def checked_target(path: Path, form: str, overwrite: bool) -> Path:
    """Return the path that an export may write. Raises UserError for a wrong suffix and for a file that exists."""
    if path.suffix != SUFFIXES[form]:
        raise UserError(f"output={path} must end in {SUFFIXES[form]} for format={form}")
    for file in files_of(path):
        if file.is_dir():
            raise UserError(f"output={file} is a folder; give the name of a file that ends in {SUFFIXES[form]}")
        if file.exists() and not overwrite:
            raise UserError(f"{file} exists; overwrite=true replaces it, output=FILE writes another")
    return path


def files_of(path: Path) -> list[Path]:
    """Return the files of an export, the one that is written last at the end."""
    return [path.with_suffix(".bin"), path] if path.suffix == SUFFIXES["openvino"] else [path]


def write_onnx(path: Path, model: onnx.ModelProto, record: dict[str, Any]) -> None:
    """Write a checked ONNX model with its record. Raises UserError if the folder cannot be written."""
    write_whole(path, with_record(model, record).SerializeToString())


def with_record(model: onnx.ModelProto, record: dict[str, Any]) -> onnx.ModelProto:
    """Return the checked model with its record in the metadata."""
    onnx.helper.set_model_props(model, {KEY: json.dumps(record, allow_nan=False)})
    onnx.checker.check_model(model)
    return model


def write_openvino(path: Path, model: onnx.ModelProto, record: dict[str, Any]) -> None:
    """Convert an ONNX model and write it as OpenVINO's .xml and .bin. Raises UserError if it cannot be written."""
    import openvino

    with tempfile.TemporaryDirectory(prefix="stainless_export_") as folder:
        source, target = Path(folder) / "model.onnx", Path(folder) / path.name
        source.write_bytes(with_record(model, record).SerializeToString())
        converted = openvino.convert_model(source)
        converted.set_rt_info(json.dumps(record, allow_nan=False), KEY)
        openvino.save_model(converted, target, compress_to_fp16=False)
        for file in files_of(path):
            write_whole(file, (Path(folder) / file.name).read_bytes())
