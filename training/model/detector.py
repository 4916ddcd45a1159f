"""The detector protocol: whatever gives an image an anomaly map."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.drift.reference import DriftReference
from training.model.provenance import Provenance


class MapModel(Protocol):
    """A model that gives maps but has no threshold yet."""

    def anomaly_map(self, image: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Return the anomaly map (H, W), float32 >= 0, of an RGB image (H, W, 3). Raises UserError.

        ``inside`` (H, W) is the region of interest: the map is 0 outside.
        """
        ...

    def image_score(self, anomaly_map: NDArray[np.float32], inside: NDArray[np.bool_] | None = None) -> float:
        """Return the anomaly score of an image from its map, of the pixels inside a region of interest only."""
        ...


class Detector(MapModel, Protocol):
    """A trained detector. Evaluation, prediction, reports and fusion know only this."""

    @property
    def threshold(self) -> float:
        """A pixel is predicted anomalous if the map is at or above this score."""
        ...

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Everything that a map depends on besides the image."""
        ...

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The record of the model, as its file has it."""
        ...

    @property
    def provenance(self) -> Provenance:
        """The origin of the model."""
        ...

    @property
    def warnings(self) -> list[str]:
        """Warnings for readers of results."""
        ...

    @property
    def reference(self) -> DriftReference | None:
        """The validation images that drift is measured against; None if the model file holds none."""
        ...
