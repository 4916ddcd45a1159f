"""Record of a fusion, and what its model file holds."""

from dataclasses import dataclass, field
from typing import NamedTuple

from training.drift.reference import DriftReference
from training.model.calibration import Calibration
from training.model.file_header import ModelContent
from training.model.provenance import Document, Provenance
from training.model.record import FoundThreshold


@dataclass(frozen=True)
class FusionRecord:
    """The record of a fusion."""

    rule: str
    validation: dict[str, float | None]
    """Average precision of the validation pixels by rule; None if the validation split shows no defect."""
    threshold: FoundThreshold
    provenance: Provenance
    warnings: tuple[str, ...]
    reference: DriftReference | None = field(default=None, kw_only=True)
    """Reference of the drift; None in files of version 1. A model file keeps it beside ``document``."""

    def document(self) -> Document:
        """Return the record as a model file has it, without the sources' own records."""
        return {
            "fusion": {"rule": self.rule, "validation": self.validation},
            "threshold": self.threshold.document(),
            "provenance": self.provenance.document(),
            "warnings": list(self.warnings),
        }


class StoredFusion(NamedTuple):
    """Content of a fusion's file: the record, the sources' contents and scales, and a hash of both."""

    record: FusionRecord
    sources: tuple[ModelContent, ...]
    calibrations: tuple[Calibration, ...]
    sha256: str
