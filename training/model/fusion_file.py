"""The model file ``fusion.safetensors``: the sources whole, their scales, and the record as JSON in the header.

Version 2 added the drift reference. Files of version 1 are read, without one.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors.numpy
from numpy.typing import NDArray

from training.drift.reference import read_reference
from training.model.calibration import Calibration
from training.model.defect_map_file import sha256_of_arrays
from training.model.file_header import HEADER_KEY, ModelContent
from training.model.fusion_record import FusionRecord, StoredFusion
from training.model.provenance import read_provenance
from training.model.record import FoundThreshold
from training.model.schemas import first_mistake, validator
from training.support.user_error import UserError
from training.support.whole_file import write_whole

FILE_NAME = "fusion.safetensors"
FORMAT = "stainless-fusion"
VERSION = 2
_READ = (1, VERSION)
_SCHEMA = "fusion.schema.json"


def save_fusion(
    path: Path, sources: Sequence[ModelContent], calibrations: Sequence[Calibration], record: FusionRecord
) -> None:
    """Write a model file atomically; it needs its sources' files no more.

    Raises UserError if the folder cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for number, (source, calibration) in enumerate(zip(sources, calibrations, strict=True)):
        arrays |= {f"{number}.model.{name}": array for name, array in source.arrays.items()}
        arrays |= {f"{number}.scores": calibration.scores, f"{number}.levels": calibration.levels}
    document = {
        "format": FORMAT,
        "version": VERSION,
        **record.document(),
        "reference": None if record.reference is None else record.reference.document(),
        "sources": [source.document for source in sources],
        "slopes": [calibration.slope for calibration in calibrations],
    }
    document["sha256"] = _sha256(arrays, document)
    text = json.dumps(document, allow_nan=False)
    validator(_SCHEMA).validate(json.loads(text))
    write_whole(path, safetensors.numpy.save(arrays, metadata={HEADER_KEY: text}))


def stored_fusion(name: str, content: ModelContent) -> StoredFusion:
    """Return the fusion in the content of a model file, after checking it; ``name`` is for messages.

    Raises UserError for another format or version, a record that does not match, and damage.
    """
    arrays, document = content
    if document.get("format") != FORMAT or document.get("version") not in _READ:
        found = f"{document.get('format')} version {document.get('version')}"
        raise UserError(f"{name} is {found}; this program reads {FORMAT} versions 1 and {VERSION}")
    mistake = first_mistake(_SCHEMA, document)
    if mistake is not None:
        raise UserError(f"{name}: the metadata is not of this version: {mistake}")
    if document["sha256"] != _sha256(arrays, {k: v for k, v in document.items() if k != "sha256"}):
        raise UserError(f"{name} is damaged: its content does not match the recorded hash")
    count = len(document["sources"])
    if len(document["slopes"]) != count or any(f"{n}.{part}" not in arrays for n in range(count) for part in _PARTS):
        raise UserError(f"{name} is damaged: a source's scale is missing")
    record = FusionRecord(
        rule=document["fusion"]["rule"],
        validation=document["fusion"]["validation"],
        threshold=FoundThreshold(**document["threshold"]),
        provenance=read_provenance(document["provenance"]),
        warnings=tuple(document["warnings"]),
        reference=read_reference(document.get("reference")),
    )
    sources = tuple(
        ModelContent(_below(f"{number}.model.", arrays), source) for number, source in enumerate(document["sources"])
    )
    calibrations = tuple(
        Calibration(arrays[f"{number}.scores"], arrays[f"{number}.levels"], slope)
        for number, slope in enumerate(document["slopes"])
    )
    return StoredFusion(record, sources, calibrations, document["sha256"])


_PARTS = ("scores", "levels")


def _sha256(arrays: dict[str, NDArray[Any]], document: dict[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True)
    return hashlib.sha256((sha256_of_arrays(arrays) + text).encode()).hexdigest()


def _below(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
