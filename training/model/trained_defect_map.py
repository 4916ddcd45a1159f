"""A defect map from a model file, as a detector."""

from collections.abc import Mapping
from typing import Any

import torch

from training.defect_map.defect_map_model import DefectMapModel
from training.model.defect_map_file import FORMAT, StoredDefectMap
from training.model.provenance import Provenance


class TrainedDefectMap(DefectMapModel):
    """A defect map with the record of its file."""

    def __init__(self, stored: StoredDefectMap, device: torch.device) -> None:
        super().__init__(stored.network, stored.record.map, device)
        self.record = stored.record
        self.weights_sha256 = stored.weights_sha256

    @property
    def threshold(self) -> float:
        """A pixel is predicted anomalous if the map is at or above this score."""
        return self.record.threshold.value

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Everything that a map depends on besides the image."""
        document = self.record.document()
        return {"format": FORMAT, "weights_sha256": self.weights_sha256, "map": document["map"]}

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
