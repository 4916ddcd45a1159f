"""Metrics of rows on resampled plates: the same draws for every row, so that rows can be compared plate by plate.

Plates are drawn with replacement, with all their images. Seeds are drawn with replacement, too; rows with equally many
seeds share these draws. The metrics are those of eval.metrics, for all resamples at once.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.metrics.bootstrap import draw_plates
from eval.metrics.plate_counts import PlateCounts
from eval.metrics.settings import BootstrapSettings
from eval.paper.measured_row import MeasuredRow
from training.support.user_error import UserError

Values = npt.NDArray[np.float64]
_PIXELS, _PREDICTED, _INSTANCES, _FOUND = range(4)


class ResampledRows:
    """The metrics of rows in every resample, by experiment and column; rows without plates have none."""

    def __init__(self, rows: Mapping[str, MeasuredRow], settings: BootstrapSettings) -> None:
        """Draw the resamples. Raises UserError if rows were evaluated on different plates."""
        self.settings = settings
        self._rows = {
            name: [entry.plates for entry in row if entry.plates is not None]
            for name, row in rows.items()
            if row and all(entry.plates is not None for entry in row)
        }
        first = next(iter(self._rows.items()), None)
        self.plates = first[1][0].plates if first else ()
        for name, counts in self._rows.items():
            if any(entry.plates != self.plates for entry in counts):
                assert first is not None
                raise UserError(f"{name} and {first[0]} were evaluated on different plates; evaluate both again")
        self._drawn = draw_plates(len(self.plates), settings.resamples, settings.seed) if self.plates else None
        most = max((len(counts) for counts in self._rows.values()), default=0)
        self._seed_draws = np.random.default_rng([settings.seed, 1]).random((settings.resamples, most))
        self._cache: dict[tuple[str, str], Values] = {}

    def values(self, experiment: str, column: str) -> Values:
        """Return a metric of a row in percent, (resamples,); empty if it cannot be resampled."""
        if self._drawn is None or len(self.plates) < 2 or experiment not in self._rows:
            return np.empty(0)
        key = (experiment, column)
        if key not in self._cache:
            seeds = self._rows[experiment]
            by_seed = np.stack([metric_percent(self._drawn, counts, column) for counts in seeds])
            chosen = (self._seed_draws[:, : len(seeds)] * len(seeds)).astype(int)
            self._cache[key] = np.take_along_axis(by_seed.T, chosen, axis=1).mean(axis=1)
        return self._cache[key]

    def interval(self, values: Values) -> tuple[float, float]:
        """Return the percentile interval of values of the resamples; NaN if more than half cannot be measured."""
        measured = values[np.isfinite(values)]
        if len(measured) == 0 or 2 * len(measured) < len(values):
            return float("nan"), float("nan")
        tail = (1 - self.settings.confidence) / 2
        low, high = np.quantile(measured, [tail, 1 - tail])
        return float(low), float(high)


def metric_percent(drawn: npt.NDArray[np.int64], counts: PlateCounts, column: str) -> Values:
    """Return a metric in percent for each resample, (resamples,); NaN where it cannot be measured.

    drawn (resamples, plates) says how often each plate counts. column is a column name of the paper's tables.
    """
    sums = np.tensordot(drawn, counts.counts, 1).astype(np.float64)  # (resamples, classes, 4)
    name, _, metric = column.rpartition(".")
    if name:
        return _class_percent(sums, [of for of, _ in counts.classes], name, metric)
    defects = sums[:, [kind == "defect" for _, kind in counts.classes]]
    if metric == "mean_defect_wise_recall":
        shares = _percent(defects[..., _FOUND], defects[..., _INSTANCES])
        return _percent(np.nansum(shares, axis=1), 100.0 * np.isfinite(shares).sum(axis=1))
    hits, wanted = defects[..., _PREDICTED].sum(1), defects[..., _PIXELS].sum(1)
    predicted = sums[..., _PREDICTED].sum(1)
    part, whole = {
        "pixel_precision": (hits, predicted),
        "pixel_recall": (hits, wanted),
        "pixel_f1": (2 * hits, predicted + wanted),
    }[metric]
    return _percent(part, whole)


def _class_percent(sums: Values, names: list[str], name: str, metric: str) -> Values:
    if name not in names:
        return np.full(len(sums), np.nan)
    of_class = sums[:, names.index(name)]
    part, whole = {"pixel_recall": (_PREDICTED, _PIXELS), "defect_wise_recall": (_FOUND, _INSTANCES)}[metric]
    return _percent(of_class[:, part], of_class[:, whole])


def _percent(part: Any, whole: Any) -> Values:
    """Return 100 part / whole; NaN where whole is 0."""
    return np.divide(100.0 * part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0)
