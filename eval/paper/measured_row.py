"""A row of the paper's tables as measured: the evaluations of one scenario, one for each seed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.metrics.plate_counts import PlateCounts, read_plate_counts
from eval.runs.results import Results
from eval.runs.results_file import EVALUATION_FOLDER, read_results


@dataclass(frozen=True)
class Measurement:
    """The evaluation of a scenario's run with one seed; without plates there are no intervals."""

    seed: int
    results: Results
    plates: PlateCounts | None = None

    def percent(self, column: str) -> float:
        """Return a metric in percent; NaN if it is not measured.

        column is a column name of published_values(): <metric> or <class>.<metric>.
        """
        name, _, metric = column.rpartition(".")
        metrics = self.results.metrics
        source = next((entry for entry in metrics.classes if entry.name == name), None) if name else metrics
        share = None if source is None else getattr(source, metric)
        return float("nan") if share is None else 100 * float(share)


def read_measurement(run: Path, seed: int) -> Measurement:
    """Read the evaluation of a run folder. Raises UserError."""
    return Measurement(seed, read_results(run), read_plate_counts(run / EVALUATION_FOLDER))


MeasuredRow = tuple[Measurement, ...]
"""One measurement for each seed."""


def mean_of(row: MeasuredRow, column: str) -> float:
    """Return the mean of a metric over the seeds, in percent; NaN if a seed did not measure it."""
    return float(np.mean([entry.percent(column) for entry in row])) if row else float("nan")


def spread_of(row: MeasuredRow, column: str) -> float:
    """Return the standard deviation of a metric over the seeds, in points; NaN with fewer than two seeds."""
    values = [entry.percent(column) for entry in row]
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
