"""Record of a model: everything that a model file holds besides the features."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from training.drift.reference import DriftReference, read_reference
from training.model.members import MemberRecord
from training.model.provenance import Document, Parent, Provenance, read_provenance
from training.model.settings import AnomalyMapSettings
from training.support.document import document_of


@dataclass(frozen=True)
class FoundThreshold:
    """The threshold of a model, and how it was found. A rate is None where the validation split shows no defect."""

    value: float
    method: str
    """A method of ``conf/threshold``, or largest_of_sources for a meld without images."""
    minimum_coverage: float | None = None
    pixels_per_image: float | None = None
    f1: float | None = None
    precision: float | None = None
    recall: float | None = None
    images: int = 0
    """Number of validation images."""
    positive_pixels: int = 0
    negative_pixels: int = 0

    def document(self) -> Document:
        """Return the fields as a model file has them, without parameters that the method does not have."""
        parameters = ("minimum_coverage", "pixels_per_image")
        return {name: value for name, value in vars(self).items() if value is not None or name not in parameters}


@dataclass(frozen=True)
class ModelRecord:
    """The record of a coreset."""

    extractor: Document
    """Fingerprint: everything that a feature depends on."""
    extractor_config: Document
    """The settings that build the extractor again."""
    anomaly_map: AnomalyMapSettings
    threshold: FoundThreshold
    coreset: Document
    """Size, channels, certificate and epochs of the collection."""
    provenance: Provenance
    warnings: tuple[str, ...]
    members: MemberRecord | None = field(default=None, kw_only=True)
    """Origins and supports of the members; None in files of version 2. A model file keeps them beside ``document``."""
    reference: DriftReference | None = field(default=None, kw_only=True)
    """Reference of the drift; None in files before version 4. A model file keeps it beside ``document``."""

    def document(self) -> Document:
        """Return the record as a model file has it."""
        return {
            "extractor": self.extractor,
            "extractor_config": self.extractor_config,
            "anomaly_map": document_of(self.anomaly_map),
            "threshold": self.threshold.document(),
            "coreset": self.coreset,
            "provenance": self.provenance.document(),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class StoredRecord(ModelRecord):
    """A record as it stands in a model file, with the hash of the file's features."""

    features_sha256: str

    def as_parent(self, path: str) -> Parent:
        """Return this model, found at ``path``, as the parent of another."""
        return Parent(path, self.features_sha256, self.provenance)


def read_record(document: Mapping[str, Any], members: MemberRecord | None = None) -> StoredRecord:
    """Return the record in a document that matches ``conf/schemas/coreset.schema.json``, and that of its members."""
    return StoredRecord(
        extractor=document["extractor"],
        extractor_config=document["extractor_config"],
        anomaly_map=AnomalyMapSettings(**document["anomaly_map"]),
        threshold=FoundThreshold(**document["threshold"]),
        coreset=document["coreset"],
        provenance=read_provenance(document["provenance"]),
        warnings=tuple(document["warnings"]),
        features_sha256=document["features_sha256"],
        members=members,
        reference=read_reference(document.get("reference")),
    )
