"""Record of a defect map: everything that its model file holds besides the weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from training.defect_map.settings import ArchitectureSettings, MapSettings, read_architecture, read_map
from training.drift.reference import DriftReference, read_reference
from training.model.provenance import Document, Provenance, read_provenance
from training.model.record import FoundThreshold
from training.support.document import document_of


@dataclass(frozen=True)
class LeakCheck:
    """Number of evaluation images that were compared with each file of the sources, and of those files."""

    evaluation_images: int
    source_files: int


@dataclass(frozen=True)
class DefectMapRecord:
    """The record of a defect map."""

    architecture: ArchitectureSettings
    map: MapSettings
    synthesis: Document
    """``conf/synthesis``, resolved."""
    training: Document
    """Seed, losses and course of the training."""
    sources: Document
    """Number of files and their hash, by kind of source."""
    leak_check: LeakCheck
    threshold: FoundThreshold
    provenance: Provenance
    warnings: tuple[str, ...]
    reference: DriftReference | None = field(default=None, kw_only=True)
    """Reference of the drift; None in files of version 1. A model file keeps it beside ``document``."""

    def document(self) -> Document:
        """Return the record as a model file has it."""
        return {
            "architecture": document_of(self.architecture),
            "map": document_of(self.map),
            "synthesis": self.synthesis,
            "training": self.training,
            "sources": self.sources,
            "leak_check": document_of(self.leak_check),
            "threshold": self.threshold.document(),
            "provenance": self.provenance.document(),
            "warnings": list(self.warnings),
        }


def read_defect_map_record(document: Mapping[str, Any]) -> DefectMapRecord:
    """Return the record in a document that matches ``conf/schemas/defect_map.schema.json``.

    Raises UserError for values that contradict each other.
    """
    return DefectMapRecord(
        architecture=read_architecture(document["architecture"]),
        map=read_map(document["map"]),
        synthesis=document["synthesis"],
        training=document["training"],
        sources=document["sources"],
        leak_check=LeakCheck(**document["leak_check"]),
        threshold=FoundThreshold(**document["threshold"]),
        provenance=read_provenance(document["provenance"]),
        warnings=tuple(document["warnings"]),
        reference=read_reference(document.get("reference")),
    )
