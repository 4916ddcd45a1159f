"""The part of a detector that comes from the record of its model file."""

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

from training.drift.reference import DriftReference
from training.model.provenance import Document, Provenance
from training.model.record import FoundThreshold


class Record(Protocol):
    """A record with a threshold, a provenance, warnings and a drift reference."""

    @property
    def threshold(self) -> FoundThreshold: ...  # noqa: D102
    @property
    def provenance(self) -> Provenance: ...  # noqa: D102
    @property
    def warnings(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def reference(self) -> DriftReference | None: ...  # noqa: D102
    def document(self) -> Document: ...  # noqa: D102


R = TypeVar("R", bound=Record)


class Recorded(Generic[R]):
    """A detector from a model file, with the file's record."""

    record: R

    @property
    def threshold(self) -> float:
        """A pixel is predicted anomalous if the map is at or above this score."""
        return self.record.threshold.value

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The record of the model, as its file has it."""
        return self.record.document()

    @property
    def provenance(self) -> Provenance:
        """The origin of the model."""
        return self.record.provenance

    @property
    def warnings(self) -> list[str]:
        """Warnings of the model file."""
        return list(self.record.warnings)

    @property
    def reference(self) -> DriftReference | None:
        """The validation images that drift is measured against; None if the model file holds none."""
        return self.record.reference
