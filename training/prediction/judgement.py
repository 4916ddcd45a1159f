"""The judgement of an image: its map, its findings and its row of the table. Nothing is written."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.model.detector import Detector
from training.prediction.findings import Finding, find_findings


@dataclass(frozen=True)
class Judgement:
    """An image and what a detector says about it."""

    image: NDArray[np.uint8]
    """RGB (H, W, 3)."""
    anomaly_map: NDArray[np.float32]
    score: float
    threshold: float
    findings: list[Finding]
    labels: NDArray[np.int32]
    """The number of the finding at each pixel (H, W), 0 for none."""
    seconds: float
    """Time of the reading of the image and of the map."""
    inside: NDArray[np.bool_] | None = None
    """The region of interest (H, W); None for the whole image."""

    def row(self) -> dict[str, Any]:
        """Return the fields of a table's row that do not name files."""
        return {
            "score": self.score,
            "decision": "anomalous" if self.findings else "nominal",
            "findings": len(self.findings),
            "finding_pixels": sum(finding.area for finding in self.findings),
            "largest_finding": max((finding.area for finding in self.findings), default=0),
            "threshold": self.threshold,
            "seconds": round(self.seconds, 4),
            "width": self.image.shape[1],
            "height": self.image.shape[0],
        }

    def regions(self) -> list[dict[str, Any]]:
        """Return area [pixels], box [left, top, width, height] and highest score of every finding."""
        return [{"area": f.area, "box": list(f.box), "score": f.score} for f in self.findings]


def judge(
    model: Detector,
    image: NDArray[np.uint8],
    minimum_size: int,
    started: float,
    inside: NDArray[np.bool_] | None = None,
) -> Judgement:
    """Judge an RGB image (H, W, 3); ``started`` is the value of ``time.perf_counter`` before it was read.

    Of a region of interest ``inside`` (H, W), findings and score count inside only. Raises UserError if the detector
    cannot take the image.
    """
    anomaly_map = model.anomaly_map(image, inside)
    seconds = time.perf_counter() - started
    findings, labels = find_findings(anomaly_map, model.threshold, minimum_size, inside)
    score = model.image_score(anomaly_map, inside)
    return Judgement(image, anomaly_map, score, model.threshold, findings, labels, seconds, inside)
