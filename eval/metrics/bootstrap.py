"""Confidence intervals by bootstrap over plates.

Pixels of an image and images of a plate are correlated. Whole plates with all their images are therefore resampled.
"""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from eval.metrics.metric_values import CLASS_METRICS, METRICS, MetricSums, class_metric_values, metric_values
from eval.metrics.pixel_counts import CLASS_IDS
from eval.metrics.settings import BootstrapSettings
from training.model.curves import Weights
from training.model.score_histogram import bin_of

Interval = tuple[float, float] | None
_SHIFT = 4  # 256 bins per octave, each 0.4 % wide; the scores of a plate occupy some thousand bins


class PlateSums:
    """Contribution of one plate to MetricSums: a few hundred kilobytes, regardless of the size of its images."""

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
        """Add the scores of one image.

        positives (N,) and negatives (M,) are the scores of the defect pixels and of the others. region_areas (N,) holds
        the area of the instance of each defect pixel.
        """
        for histograms, scores, weights in zip(
            self._parts, (positives, negatives, positives), (None, None, 1.0 / region_areas), strict=True
        ):
            dense = np.bincount(bin_of(scores) >> _SHIFT, weights)
            histograms.append((np.flatnonzero(dense), dense[dense > 0].astype(np.float64)))

    def bins(self) -> npt.NDArray[np.int64]:
        """Return the occupied score bins of the plate, ascending."""
        return np.unique(np.concatenate([bins for histograms in self._parts for bins, _ in histograms]))

    def weights(self, bins: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the weights (3, len(bins)) of positives, negatives and overlaps; bins must include bins()."""
        table = np.zeros((3, len(bins)))
        for row, histograms in zip(table, self._parts, strict=True):
            for occupied, weights in histograms:
                row[np.searchsorted(bins, occupied)] += weights
        return table


def draw_plates(plates: int, resamples: int, seed: int) -> npt.NDArray[np.int64]:
    """Draw how often each plate occurs in each resample, int64 (resamples, plates); every row sums to plates."""
    return np.random.default_rng(seed).multinomial(plates, np.full(plates, 1 / plates), resamples)


def plate_intervals(
    plates: Sequence[PlateSums],
    class_ids: Collection[int],
    defect_ids: Collection[int],
    ignore_id: int,
    aupro_limit: float,
    settings: BootstrapSettings,
) -> tuple[dict[str, Interval], dict[int, dict[str, Interval]]]:
    """Return the percentile intervals of METRICS and, by class id, of CLASS_METRICS.

    An interval is None if there are fewer than two plates, or if more than half of the resamples cannot measure it.
    """
    overall: list[dict[str, float | None]] = []
    by_class: dict[int, list[dict[str, float | None]]] = {class_id: [] for class_id in class_ids}
    if len(plates) > 1 and settings.resamples > 0:
        for sums in _resampled(plates, settings):
            overall.append(metric_values(sums, defect_ids, ignore_id, aupro_limit))
            for class_id, rows in by_class.items():
                rows.append(class_metric_values(sums, class_id))
    return (
        {key: _interval([row[key] for row in overall], settings) for key in METRICS},
        {
            class_id: {key: _interval([row[key] for row in rows], settings) for key in CLASS_METRICS}
            for class_id, rows in by_class.items()
        },
    )


def _resampled(plates: Sequence[PlateSums], settings: BootstrapSettings) -> Iterator[MetricSums]:
    """Yield the sums of each resample."""
    drawn = draw_plates(len(plates), settings.resamples, settings.seed)
    bins = np.unique(np.concatenate([plate.bins() for plate in plates]))
    curves = np.stack([plate.weights(bins) for plate in plates])
    by_class = np.stack([plate.by_class for plate in plates])
    instances = np.stack([plate.instances for plate in plates])
    scores = np.concatenate([plate.scores for plate in plates])
    labels = np.concatenate([np.array(plate.labels, bool) for plate in plates])
    plate_of_image = np.repeat(np.arange(len(plates)), [len(plate.scores) for plate in plates])
    distinct, place = np.unique(scores, return_inverse=True)
    place = place.ravel()
    for counts in drawn:
        times = counts[plate_of_image].astype(np.float64)
        positives, negatives, overlaps = np.tensordot(counts.astype(np.float64), curves, 1)
        yield MetricSums(
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
