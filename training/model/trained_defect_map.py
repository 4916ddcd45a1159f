"""A defect map from a model file, as a detector."""

from typing import Any

import torch

from training.defect_map.defect_map_model import DefectMapModel
from training.model.defect_map_file import FORMAT, StoredDefectMap
from training.model.defect_map_record import DefectMapRecord
from training.model.recorded import Recorded


class TrainedDefectMap(Recorded[DefectMapRecord], DefectMapModel):
    """A defect map with the record of its file."""

    def __init__(self, stored: StoredDefectMap, device: torch.device) -> None:
        super().__init__(stored.network, stored.record.map, device)
        self.record = stored.record
        self.weights_sha256 = stored.weights_sha256

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Everything that a map depends on besides the image."""
        document = self.record.document()
        return {"format": FORMAT, "weights_sha256": self.weights_sha256, "map": document["map"]}
