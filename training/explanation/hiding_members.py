"""The members that hide a missed defect: which to drop so that a box of an image is found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.explanation.dropping_cost import NominalValidation
from training.explanation.nearest_patches import Box, SeenImage
from training.model.anomaly_model import AnomalyModel, DistanceGrid


@dataclass
class HiddenBox:
    """A box of an image that a model misses, with the nearest members of its patches; members are dropped on trial."""

    model: AnomalyModel
    seen: SeenImage
    box: Box
    shape: tuple[int, int]
    features: NDArray[np.float32]

    def __post_init__(self) -> None:
        self._inside = np.flatnonzero(self.seen.within(self.box))
        patches = self.seen.features.reshape(-1, self.features.shape[1])[self._inside].astype(np.float64)
        # |a|^2 + |b|^2 - 2ab would cancel for near neighbours; a box has few patches
        self._distances = np.stack(
            [np.linalg.norm(self.features.astype(np.float64) - patch, axis=1) for patch in patches]
        )

    def score(self, dropped: set[int]) -> float:
        """Return the largest score of the box without some members."""
        left, top, width, height = self.box
        scores = self.model.map_from(self._grid(dropped), self.shape)
        return float(scores[top : top + height, left : left + width].max())

    def candidates(self, dropped: set[int]) -> list[int]:
        """Return the members that are nearest to a patch of the box, without the dropped ones."""
        return list(dict.fromkeys(self._without(dropped).argmin(axis=1).tolist()))

    def _without(self, dropped: set[int]) -> NDArray[np.float64]:
        distances = self._distances.copy()
        distances[:, list(dropped)] = np.inf
        return distances

    def _grid(self, dropped: set[int]) -> DistanceGrid:
        grid = self.seen.grid
        distances = grid.distances.copy()
        distances.flat[self._inside] = self._without(dropped).min(axis=1)
        return self.seen.with_distances(distances)


def members_to_drop(
    hidden: HiddenBox,
    validation: NominalValidation,
    threshold: float,
    already: set[int],
    maximum_images: int,
    most: int,
) -> set[int] | None:
    """Return the members to drop until the box is found at the threshold; None if that is not possible.

    Each step drops the candidate that raises the box's score most for the nominal validation pixels that it raises.
    ``already`` are dropped in any case. At most ``maximum_images`` nominal validation images may be raised beyond those
    that are now, and at most ``most`` members dropped.
    """
    now = validation.raised([], threshold)
    dropped = set(already)
    while hidden.score(dropped) < threshold:
        if len(dropped) >= most:
            return None
        best, worth = None, 0.0
        score = hidden.score(dropped)
        for member in hidden.candidates(dropped):
            trial = dropped | {member}
            then = validation.raised(trial, threshold)
            if then.images - now.images > maximum_images:
                continue
            gained = max(hidden.score(trial) - score, 1e-9 * threshold)  # a member behind others gains later
            found = gained / (1 + then.pixels - now.pixels)
            if best is None or found > worth:
                best, worth = member, found
        if best is None:
            return None
        dropped.add(best)
    return dropped
