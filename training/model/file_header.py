"""Model files of every format: where a run folder has its model, and the JSON record in a file's header."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from training.support.user_error import UserError

HEADER_KEY = "stainless"
FILE_NAMES = ("coreset.safetensors", "defect_map.safetensors", "fusion.safetensors")
"""Names of the model file in a run folder, one for each format."""


class ModelContent(NamedTuple):
    """The arrays of a model file by name, and its record."""

    arrays: dict[str, NDArray[Any]]
    document: dict[str, Any]


def model_file(run_folder_or_file: Path) -> Path:
    """Return the model file of a run folder, or the file itself. Raises UserError if there is none, or several."""
    if not run_folder_or_file.is_dir():
        found = [run_folder_or_file] if run_folder_or_file.is_file() else []
    else:
        found = [run_folder_or_file / name for name in FILE_NAMES if (run_folder_or_file / name).is_file()]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise UserError(f"{run_folder_or_file} holds {names}; give one of the files")
    if not found:
        raise UserError(f"no model at {run_folder_or_file}; give a finished run's folder or its model file")
    return found[0]


def read_content(path: Path) -> ModelContent:
    """Read a model file of any format. Raises UserError for a file that is damaged or no model file."""
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(HEADER_KEY)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is not a dict
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read as a model file: {error}") from error
    if text is None:
        raise UserError(f"{path} is a safetensors file, but no model file of this project")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UserError(f"{path}: the metadata is not JSON") from error
    if not isinstance(document, dict):
        raise UserError(f"{path}: the metadata is not that of a model file")
    return ModelContent({name: np.asarray(array) for name, array in arrays.items()}, document)
