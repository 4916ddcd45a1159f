"""The common scale of several detectors: how rare a score is among nominal validation pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.model.score_histogram import ScoreHistogram, lower_edges
from training.support.user_error import UserError

_KNOTS = 256
_TAIL = 0.01  # share of the highest nominal scores from which the scale goes on beyond them
_LEAST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Calibration:
    """A monotone scale: scores (K,) float32 ascending, and their levels (K,) float32, ascending from 0.

    The level of a score is -ln of the share of nominal pixels at or above it, between the knots linear in the
    logarithm of the score. Beyond the highest nominal score it goes on with ``slope``, the mean slope over the highest
    hundredth of nominal scores, so that higher scores stay apart.
    """

    scores: NDArray[np.float32]
    levels: NDArray[np.float32]
    slope: float

    def levels_of(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the levels, float32 >= 0, of scores >= 0 of any shape."""
        places = np.log(np.maximum(scores, _LEAST))
        knots = np.log(np.maximum(self.scores, _LEAST))
        beyond = np.maximum(places - knots[-1], 0)
        return np.asarray(np.interp(places, knots, self.levels) + self.slope * beyond, dtype=np.float32)


def calibrated(negatives: ScoreHistogram) -> Calibration:
    """Return the scale that a histogram of nominal pixels gives. Raises UserError without nominal pixels."""
    if negatives.total == 0:
        raise UserError("no nominal validation pixel to bring the detectors to a common scale")
    occupied = np.flatnonzero(negatives.weights)
    levels = -np.log(negatives.at_or_above()[occupied] / negatives.total)
    scores = lower_edges(occupied)
    wanted = np.linspace(0, levels[-1], _KNOTS)
    chosen = np.unique(np.searchsorted(levels, wanted).clip(0, len(levels) - 1))
    tail = int(np.searchsorted(levels, min(-np.log(_TAIL), levels[-1])))
    rise = float(levels[-1] - levels[tail])
    run = float(np.log(max(scores[-1], _LEAST)) - np.log(max(scores[tail], _LEAST)))
    slope = rise / run if rise > 0 and run > 0 else 1.0
    return Calibration(scores[chosen].astype(np.float32), levels[chosen].astype(np.float32), slope)
