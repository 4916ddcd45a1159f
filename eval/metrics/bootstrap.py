"""Confidence intervals by bootstrap over plates: images of a plate, and even more pixels of an image, are alike, so
plates are what is drawn again, with all their images.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.metrics.curves import Weights
from eval.metrics.figures import CLASS_FIGURES, FIGURES, Sums, class_figures, figures
from eval.metrics.pixel_counts import CLASS_IDS
from training.model.score_histogram import bin_of

Interval = tuple[float, float] | None
_SHIFT = 4  # 256 bins per octave: 0.4 % wide, and a plate's scores take some thousand bins


@dataclass(frozen=True)
class BootstrapSettings:
    """How many resamples, the share of them inside the interval, and the seed of the draws."""

    resamples: int
    confidence: float
    seed: int


class PlateSums:
    """What one plate adds to the sums of any resample; a few hundred kilobytes, whatever the size of its images."""

    def __init__(self) -> None:
        self.by_class = np.zeros((2, CLASS_IDS), np.int64)
        self.instances = np.zeros((2, CLASS_IDS), np.int64)
        self.scores: list[float] = []
        self.labels: list[bool] = []
        self.regions = 0
        self._parts: list[list[tuple[npt.NDArray[np.int64], Weights]]] = [[], [], []]

    def add_scores(
        self,
        positives: npt.NDArray[np.float32],
        negatives: npt.NDArray[np.float32],
        region_areas: npt.NDArray[np.float64],
    ) -> None:
        """Add the scores of one image's defect and other pixels; region_areas as for the positives."""
        for kept, scores, weights in zip(
            self._parts, (positives, negatives, positives), (None, None, 1.0 / region_areas), strict=True
        ):
            dense = np.bincount(bin_of(scores) >> _SHIFT, weights)
            kept.append((np.flatnonzero(dense), dense[dense > 0].astype(np.float64)))

    def bins(self) -> npt.NDArray[np.int64]:
        """The bins that hold any score of the plate."""
        return np.unique(np.concatenate([bins for kept in self._parts for bins, _ in kept]))

    def weights(self, bins: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Weights (3, len(bins)) of positives, negatives and overlaps; bins contain all of bins()."""
        found = np.zeros((3, len(bins)))
        for row, kept in zip(found, self._parts, strict=True):
            for own, weights in kept:
                row[np.searchsorted(bins, own)] += weights
        return found


def draw_plates(plates: int, resamples: int, seed: int) -> npt.NDArray[np.int64]:
    """Return how often each plate is drawn in each resample, (resamples, plates); every row sums to plates."""
    return np.random.default_rng(seed).multinomial(plates, np.full(plates, 1 / plates), resamples)


def plate_intervals(
    plates: Sequence[PlateSums],
    class_ids: Collection[int],
    defect_ids: Collection[int],
    ignore_id: int,
    aupro_limit: float,
    settings: BootstrapSettings,
) -> tuple[dict[str, Interval], dict[int, dict[str, Interval]]]:
    """Return percentile intervals of FIGURES and, by class id, of CLASS_FIGURES.

    None where there are fewer than two plates, or where more than half of the resamples have nothing to measure.
    """
    general: list[dict[str, Any]] = []
    by_class: dict[int, list[dict[str, Any]]] = {class_id: [] for class_id in class_ids}
    if len(plates) > 1 and settings.resamples > 0:
        for sums in _resampled(plates, settings):
            general.append(figures(sums, defect_ids, ignore_id, aupro_limit))
            for class_id, found in by_class.items():
                found.append(class_figures(sums, class_id))
    return (
        {key: _interval([row[key] for row in general], settings) for key in FIGURES},
        {
            class_id: {key: _interval([row[key] for row in rows], settings) for key in CLASS_FIGURES}
            for class_id, rows in by_class.items()
        },
    )


def _resampled(plates: Sequence[PlateSums], settings: BootstrapSettings) -> Iterator[Sums]:
    """Yield the sums of every resample."""
    drawn = draw_plates(len(plates), settings.resamples, settings.seed)
    bins = np.unique(np.concatenate([plate.bins() for plate in plates]))
    curves = np.stack([plate.weights(bins) for plate in plates])
    by_class = np.stack([plate.by_class for plate in plates])
    instances = np.stack([plate.instances for plate in plates])
    scores = np.concatenate([plate.scores for plate in plates])
    labels = np.concatenate([np.array(plate.labels, bool) for plate in plates])
    of_plate = np.repeat(np.arange(len(plates)), [len(plate.scores) for plate in plates])
    distinct, place = np.unique(scores, return_inverse=True)
    place = place.ravel()
    for counts in drawn:
        times = counts[of_plate].astype(np.float64)
        positives, negatives, overlaps = np.tensordot(counts.astype(np.float64), curves, 1)
        yield Sums(
            by_class=np.tensordot(counts, by_class, 1),
            instances=np.tensordot(counts, instances, 1),
            images=(
                _summed(place[labels], times[labels], len(distinct)),
                _summed(place[~labels], times[~labels], len(distinct)),
            ),
            pixels=(positives, negatives),
            overlaps=overlaps,
            regions=int(sum(n * plate.regions for n, plate in zip(counts.tolist(), plates, strict=True))),
        )


def _summed(places: npt.NDArray[np.int64], weights: Weights, length: int) -> Weights:
    return np.bincount(places, weights, length).astype(np.float64)


def _interval(values: Sequence[float | None], settings: BootstrapSettings) -> Interval:
    measured = [value for value in values if value is not None]
    if not measured or 2 * len(measured) < len(values):
        return None
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(measured, [tail, 1 - tail])
    return float(low), float(high)
