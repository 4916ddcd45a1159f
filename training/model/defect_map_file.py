"""The model file ``defect_map.safetensors``: tensors of both networks, the record as JSON in its header.

Version 2 added the drift reference. Files of version 1 are read, without one.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors.numpy
import torch

from training.defect_map.network import DefectMapNetwork
from training.model.defect_map_record import DefectMapRecord, read_defect_map_record
from training.model.file_header import HEADER_KEY, ModelContent
from training.model.schemas import first_mistake, validator
from training.support.user_error import UserError
from training.support.whole_file import write_whole

FILE_NAME = "defect_map.safetensors"
FORMAT = "stainless-defect-map"
VERSION = 2
_READ = (1, VERSION)
_SCHEMA = "defect_map.schema.json"


class StoredDefectMap(NamedTuple):
    """A network as it stands in a model file, its record, and the hash of its weights."""

    network: DefectMapNetwork
    record: DefectMapRecord
    weights_sha256: str


def defect_map_content(network: DefectMapNetwork, record: DefectMapRecord) -> ModelContent:
    """Return what a model file holds of a merged network, with format, version and the hash of the weights.

    Raises ValidationError for a record that does not match ``conf/schemas/defect_map.schema.json``.
    """
    state = network.state_dict()
    arrays = {name: np.ascontiguousarray(tensor.detach().cpu().numpy()) for name, tensor in state.items()}
    arrays = {name: array.reshape(state[name].shape) for name, array in arrays.items()}
    reference = None if record.reference is None else record.reference.document()
    full = {"format": FORMAT, "version": VERSION, **record.document(), "reference": reference}
    full["weights_sha256"] = sha256_of_arrays(arrays)
    document = json.loads(json.dumps(full, allow_nan=False))
    validator(_SCHEMA).validate(document)
    return ModelContent(arrays, document)


def save_defect_map(path: Path, network: DefectMapNetwork, record: DefectMapRecord) -> None:
    """Write a model file of a merged network atomically. Raises UserError if the folder cannot be written."""
    content = defect_map_content(network, record)
    write_whole(path, safetensors.numpy.save(content.arrays, metadata={HEADER_KEY: json.dumps(content.document)}))


def stored_defect_map(name: str, content: ModelContent) -> StoredDefectMap:
    """Return the network in the content of a model file, after checking it.

    ``name`` is for messages. Raises UserError for another format or version, a record that does not match, and damage.
    """
    arrays, document = content
    if document.get("format") != FORMAT or document.get("version") not in _READ:
        found = f"{document.get('format')} version {document.get('version')}"
        raise UserError(f"{name} is {found}; this program reads {FORMAT} versions 1 and {VERSION}")
    mistake = first_mistake(_SCHEMA, document)
    if mistake is not None:
        raise UserError(f"{name}: the metadata is not of this version: {mistake}")
    if document["weights_sha256"] != sha256_of_arrays(arrays):
        raise UserError(f"{name} is damaged: the weights do not match the recorded hash")
    record = read_defect_map_record(document)
    network = DefectMapNetwork(record.architecture, torch.Generator().manual_seed(0)).eval()
    network.merge()
    try:
        network.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in arrays.items()})
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{name}: the weights do not fit the recorded architecture: {reason}") from error
    return StoredDefectMap(network, record, document["weights_sha256"])


def sha256_of_arrays(arrays: dict[str, np.ndarray]) -> str:
    """Return a hash of arrays with their names, types and shapes."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape};".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
