"""Content of an explanation of an image, and its form as JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.explanation.dropping_cost import Raised
from training.explanation.nearest_patches import Box, ExplainedPatch
from training.model.members import MemberRecord


@dataclass(frozen=True)
class Explanation:
    """Content of an explanation."""

    model: Path
    image: Path
    picture: NDArray[np.uint8]
    anomaly_map: NDArray[np.float32]
    box: Box | None
    threshold: float
    patches: list[ExplainedPatch]
    members: MemberRecord
    costs: dict[int, Raised]
    white_level: int | None
    """The value of white in 16-bit train images; None: 65535."""
    validation_images: int
    """Number of validation images without a defect."""

    def document(self) -> dict[str, Any]:
        """Return the explanation as JSON."""
        left, top, width, height = self.box or (0, 0, self.anomaly_map.shape[1], self.anomaly_map.shape[0])
        return {
            "model": str(self.model),
            "image": str(self.image),
            "box": None if self.box is None else list(self.box),
            "threshold": self.threshold,
            "largest_score": float(self.anomaly_map[top : top + height, left : left + width].max()),
            "nominal_validation_images": self.validation_images,
            "patches": [
                {
                    "place": list(patch.place),
                    "distance": patch.distances[0],
                    "nearest": [
                        {"member": member, "distance": distance}
                        for member, distance in zip(patch.members, patch.distances, strict=True)
                    ],
                }
                for patch in self.patches
            ],
            "members": {str(member): self.member(member) for member in self.costs},
        }

    def member(self, number: int) -> dict[str, Any]:
        """Return what is known of a member."""
        origin, support = self.members.image_of(number), int(self.members.support[number])
        return {
            "image": None if origin is None else origin.path,
            "sample_id": None if origin is None else origin.sample_id,
            "augmented": origin is not None and origin.augmented,
            "place": [float(value) for value in self.members.place[number]],
            "support": None if support < 0 else support,
            "company": bool(self.members.company[number]),
            "dropping_raises": self.costs[number]._asdict(),
        }
