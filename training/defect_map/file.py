"""The model file ``defect_map.safetensors``: tensors of both networks, all other data as JSON in its header."""

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from training.defect_map.network import DefectMapNetwork
from training.defect_map.settings import read_architecture
from training.support.user_error import UserError
from training.support.whole_file import write_whole

FILE_NAME = "defect_map.safetensors"
FORMAT = "stainless-defect-map"
VERSION = 1
_KEY = "stainless"
_SCHEMA = Path(__file__).resolve().parents[2] / "conf" / "schemas" / "defect_map.schema.json"


def save_defect_map(path: Path, network: DefectMapNetwork, metadata: dict[str, Any]) -> dict[str, Any]:
    """Write a model file of a merged network atomically; return the full metadata.

    ``metadata`` follows ``conf/schemas/defect_map.schema.json``, without format, version and the hash of the weights,
    which are added. Raises UserError if the folder cannot be written, ValidationError for other metadata.
    """
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    full = {"format": FORMAT, "version": VERSION, **metadata, "weights_sha256": sha256_of_tensors(state)}
    text = json.dumps(full, allow_nan=False)
    jsonschema.validate(json.loads(text), _schema())
    write_whole(path, safetensors.torch.save(state, metadata={_KEY: text}))
    return full


def load_defect_map(path: Path) -> tuple[DefectMapNetwork, dict[str, Any]]:
    """Read a model file; return the network and the metadata.

    Raises UserError for a file that is missing, damaged, not a defect map, or of another version.
    """
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is not a dict
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read as a model file: {error}") from error
    try:
        metadata = json.loads(text or "")
    except ValueError as error:
        raise UserError(f"{path} is a safetensors file, but not a {FORMAT}") from error
    return restored_network(str(path), state, metadata), metadata


def restored_network(name: str, state: dict[str, Tensor], metadata: Any) -> DefectMapNetwork:
    """Return the network of a model file's tensors and metadata, after checking them. Raises UserError."""
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT or metadata.get("version") != VERSION:
        found = f"{metadata.get('format')} version {metadata.get('version')}" if isinstance(metadata, dict) else "other"
        raise UserError(f"{name} is {found}; this program reads {FORMAT} version {VERSION}")
    first = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(_schema()).iter_errors(metadata))
    if first is not None:
        raise UserError(f"{name}: the metadata is not of this version: {first.json_path}: {first.message}")
    if metadata["weights_sha256"] != sha256_of_tensors(state):
        raise UserError(f"{name} is damaged: the weights do not match the recorded hash")
    network = DefectMapNetwork(read_architecture(metadata["architecture"]), torch.Generator().manual_seed(0))
    network.eval()
    network.merge()
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{name}: the weights do not fit the recorded architecture: {reason}") from error
    return network


def sha256_of_tensors(state: dict[str, Tensor]) -> str:
    """Return a hash of tensors with their names, types and shapes."""
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(f"{name} {state[name].dtype} {tuple(state[name].shape)};".encode())
        digest.update(state[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return schema
