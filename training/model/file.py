"""The model file ``coreset.safetensors``: features float32 (M, C), origins of the members, JSON.

Version 3 added origins and supports, version 4 the drift reference. Files of versions 2 and 3 are read: what they lack
is not known.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from training.model.file_header import HEADER_KEY, ModelContent, read_content
from training.model.members import MemberRecord, member_record
from training.model.record import ModelRecord, StoredRecord, read_record
from training.model.schemas import first_mistake, validator
from training.support.user_error import UserError
from training.support.whole_file import write_whole

if TYPE_CHECKING:  # torch loads slowly, and reading a model does not need it
    from training.features.extractor import FeatureExtractor

FILE_NAME = "coreset.safetensors"
FORMAT = "stainless-coreset"
VERSION = 4
_READ = (2, 3, VERSION)
_WITHOUT_MEMBERS = 2
_SCHEMA = "coreset.schema.json"


def save_model(path: Path, features: NDArray[np.float32], record: ModelRecord) -> None:
    """Write a model file atomically.

    Format, version and the features' hash are added to the record. Raises UserError if the folder cannot be written,
    ValidationError for a record that does not match ``conf/schemas/coreset.schema.json``.
    """
    features = np.ascontiguousarray(features, dtype=np.float32)
    members = MemberRecord.unknown(len(features)) if record.members is None else record.members.compact()
    full = {"format": FORMAT, "version": VERSION, **record.document(), "members": members.document()}
    full["reference"] = None if record.reference is None else record.reference.document()
    full["features_sha256"] = _sha256(features)
    text = json.dumps(full, allow_nan=False)
    validator(_SCHEMA).validate(json.loads(text))
    write_whole(path, safetensors.numpy.save({"features": features, **members.arrays()}, metadata={HEADER_KEY: text}))


def load_model(path: Path) -> tuple[NDArray[np.float32], StoredRecord]:
    """Read a model file, or the one in a run folder; return features (M, C) and the record.

    Raises UserError for a file that is missing, damaged, not a model, or of another version.
    """
    path = model_path(path)
    return stored_model(str(path), read_content(path))


def stored_model(name: str, content: ModelContent) -> tuple[NDArray[np.float32], StoredRecord]:
    """Return features (M, C) and the record in the content of a model file; ``name`` is for messages.

    Raises UserError as ``load_model`` does.
    """
    features, document = content.arrays.get("features"), content.document
    if features is None:
        raise UserError(f"{name} is a safetensors file, but not a {FORMAT}")
    _check(name, features, document)
    if document["version"] == _WITHOUT_MEMBERS:
        return features, read_record(document)
    try:
        members = member_record(document["members"], content.arrays, len(features))
    except (KeyError, ValueError) as error:
        raise UserError(f"{name} is damaged: {error}") from error
    return features, read_record(document, members)


def model_path(run_folder_or_file: Path) -> Path:
    """Return the model file of a run folder (or the file itself). Raises UserError if there is none."""
    path = run_folder_or_file / FILE_NAME if run_folder_or_file.is_dir() else run_folder_or_file
    if not path.is_file():
        raise UserError(f"no model at {path}; give a finished run's folder or its {FILE_NAME}")
    return path


def check_fingerprint(record: ModelRecord, extractor: FeatureExtractor) -> None:
    """Raise UserError naming the first field in which the model's extractor differs from this one."""
    difference = differing_field(record.extractor, extractor.fingerprint)
    if difference is not None:
        name, stored, present = difference
        raise UserError(
            f"the coreset was made with another extractor: {name} is {stored} in the model file, but {present} here"
        )


def differing_field(first: dict[str, Any], second: dict[str, Any]) -> tuple[str, Any, Any] | None:
    """Return the name and both values of the first field in which two fingerprints differ, or None."""
    for name in [*first, *(key for key in second if key not in first)]:
        if first.get(name) != second.get(name):
            return name, first.get(name), second.get(name)
    return None


def _check(path: str, features: NDArray[np.float32], metadata: Any) -> None:
    if metadata.get("format") != FORMAT or metadata.get("version") not in _READ:
        found = f"{metadata.get('format')} version {metadata.get('version')}"
        older = metadata.get("format") == FORMAT and metadata.get("version") == 1
        remedy = ": its anomaly maps are displaced; train again" if older else ""
        raise UserError(f"{path} is {found}; this program reads {FORMAT} versions 2 to {VERSION}{remedy}")
    mistake = first_mistake(_SCHEMA, metadata)
    if mistake is not None:
        raise UserError(f"{path}: the metadata is not of this version: {mistake}")
    if "${" in json.dumps(metadata["extractor_config"]):  # OmegaConf would resolve it, including environment variables
        raise UserError(f"{path}: the metadata's extractor_config must be plain values, without ${{...}}")
    if features.ndim != 2 or len(features) < 2 or features.dtype != np.float32 or not np.isfinite(features).all():
        raise UserError(
            f"{path}: features must be finite float32 of shape (M, C), not {features.dtype} {features.shape}"
        )
    if metadata.get("features_sha256") != _sha256(features):
        raise UserError(f"{path} is damaged: the features do not match the recorded hash")


def _sha256(features: NDArray[np.float32]) -> str:
    return hashlib.sha256(np.ascontiguousarray(features).tobytes()).hexdigest()
