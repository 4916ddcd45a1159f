"""A fusion of detectors: their maps on one scale, combined by a rule."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.model.calibration import Calibration
from training.model.detector import MapModel
from training.model.fusion_record import FusionRecord, StoredFusion
from training.model.recorded import Recorded

RULES = ("mean", "maximum", "minimum", "geometric")
"""mean: of the levels (the product of the shares of nominal pixels); geometric: the root of the levels' product."""


class FusedModel:
    """Detectors, their scales and the rule that combines the maps."""

    def __init__(self, sources: Sequence[MapModel], calibrations: Sequence[Calibration], rule: str) -> None:
        self.sources, self.calibrations, self.rule = tuple(sources), tuple(calibrations), rule

    def anomaly_map(self, image: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Return the combined map (H, W), float32 >= 0, of an RGB image (H, W, 3). Raises UserError.

        The map is 0 outside the region of interest ``inside`` (H, W).
        """
        found = combined(levels_of(self.sources, self.calibrations, image, inside), self.rule)
        return found if inside is None else np.where(inside, found, np.float32(0))

    def image_score(self, anomaly_map: NDArray[np.float32], inside: NDArray[np.bool_] | None = None) -> float:
        """Return the score of an image: the maximum of its map, inside a region of interest (H, W)."""
        return float((anomaly_map if inside is None else anomaly_map[inside]).max())


class FusedDetector(Recorded[FusionRecord], FusedModel):
    """A fusion from a model file, with the file's record."""

    def __init__(self, sources: Sequence[MapModel], stored: StoredFusion) -> None:
        super().__init__(sources, stored.calibrations, stored.record.rule)
        self.record = stored.record
        self.sha256 = stored.sha256

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Everything that a map depends on besides the image."""
        return {"fusion_sha256": self.sha256, "rule": self.rule}


def levels_of(
    sources: Sequence[MapModel],
    calibrations: Sequence[Calibration],
    image: NDArray[np.uint8],
    inside: NDArray[np.bool_] | None = None,
) -> list[NDArray[np.float32]]:
    """Return each detector's map of an image on the common scale."""
    pairs = zip(sources, calibrations, strict=True)
    return [calibration.levels_of(source.anomaly_map(image, inside)) for source, calibration in pairs]


def combined(levels: Sequence[NDArray[np.float32]], rule: str) -> NDArray[np.float32]:
    """Return maps (H, W) on one scale combined by a rule of RULES, or by "source N", the N-th alone (from 1)."""
    if rule.startswith("source "):
        return levels[int(rule.removeprefix("source ")) - 1]
    stacked = np.stack(levels)
    if rule == "geometric":
        return np.asarray(np.exp(np.log(np.maximum(stacked, 1e-6)).mean(axis=0)), dtype=np.float32)
    if rule == "mean":
        return np.asarray(stacked.mean(axis=0), dtype=np.float32)
    return np.asarray(stacked.max(axis=0) if rule == "maximum" else stacked.min(axis=0), dtype=np.float32)
