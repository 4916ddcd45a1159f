"""The window of the last pictures, compared with a model's drift reference."""

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.drift.kolmogorov_smirnov import critical_gap, largest_gap
from training.drift.reference import DriftReference
from training.drift.settings import DriftSettings
from training.drift.stability_index import stability_index

log = logging.getLogger(__name__)

UNKNOWN, FILLING, STEADY, PARTED = "unknown", "filling", "steady", "parted"
NO_REFERENCE = (
    "Drift is not watched: the model file holds no reference (it is of an earlier version, or its threshold was found "
    "without images); train or finetune again to have one"
)


@dataclass(frozen=True)
class Comparison:
    """A statistic of the window against the reference."""

    gap: float
    """The largest difference of the two distribution functions."""
    limit: float | None
    """The gap from which the statistic parts; None if no gap says enough for so few images."""
    stability_index: float
    reference_median: float
    window_median: float
    parted: bool

    def document(self) -> dict[str, Any]:
        """Return the fields for a JSON file."""
        return dict(vars(self))


@dataclass(frozen=True)
class DriftState:
    """The state after a picture: unknown (no reference), filling, steady or parted, and each statistic's comparison."""

    state: str
    pictures: int
    compared: dict[str, Comparison]

    @property
    def parted(self) -> list[str]:
        """The names of the statistics that part."""
        return [name for name, found in self.compared.items() if found.parted]

    def summary(self) -> dict[str, Any]:
        """Return the field of a picture's JSON: the state, the names that part, and the gaps."""
        return {
            "state": self.state,
            "parted": self.parted,
            "gaps": {name: found.gap for name, found in self.compared.items()},
        }

    def document(self) -> dict[str, Any]:
        """Return everything for a JSON file."""
        compared = {name: found.document() for name, found in self.compared.items()}
        return {"state": self.state, "pictures": self.pictures, "parted": self.parted, "compared": compared}


class DriftWindow:
    """The statistics of the last pictures; it reports once when a statistic parts, and when all are back."""

    def __init__(self, reference: DriftReference | None, settings: DriftSettings) -> None:
        self._settings = settings
        self._reference = {} if reference is None else reference.values
        self._limits: dict[str, float | None] = {}
        for name, values in self._reference.items():
            share = settings.significance / len(self._reference)
            self._limits[name] = critical_gap(len(values), settings.window, share)
        self._rows: deque[Mapping[str, float]] = deque(maxlen=settings.window)
        self._reported: set[str] = set()
        self.state = DriftState(FILLING if self._reference else UNKNOWN, 0, {})

    def announce(self) -> None:
        """Log that there is no reference, and the statistics whose reference is too small to tell a drift."""
        if not self._reference:
            log.warning("Warning: %s", NO_REFERENCE)
        silent = [name for name, limit in self._limits.items() if limit is None]
        if silent:
            names = ", ".join(silent)
            log.warning("Warning: too few validation images to tell a drift of %s: raise drift.window, or train", names)

    @property
    def limits(self) -> dict[str, float | None]:
        """The gap from which each statistic parts; None if no gap says enough."""
        return dict(self._limits)

    def add(self, values: Mapping[str, float]) -> DriftState:
        """Add a picture's statistics; return the state with it, and log a change."""
        self.restore(values)
        if self._reference and len(self._rows) == self._settings.window:
            compared = {name: self._compared(name) for name in self._reference}
            parted = any(found.parted for found in compared.values())
            self.state = DriftState(PARTED if parted else STEADY, len(self._rows), compared)
            self._report()
        else:
            self.state = DriftState(FILLING if self._reference else UNKNOWN, len(self._rows), {})
        return self.state

    def restore(self, values: Mapping[str, float]) -> None:
        """Add a picture of an earlier process, without a comparison."""
        self._rows.append(values)

    def _compared(self, name: str) -> Comparison:
        reference, limit = self._reference[name], self._limits[name]
        sample = np.sort(np.array([row[name] for row in self._rows], dtype=np.float64))
        gap = largest_gap(reference, sample)
        index = stability_index(reference, sample)
        parted = limit is not None and gap >= limit and index >= self._settings.stability_index
        return Comparison(gap, limit, index, float(np.median(reference)), float(np.median(sample)), parted)

    def _report(self) -> None:
        parted = set(self.state.parted)
        if parted - self._reported:
            shown = "; ".join(
                f"{name} {found.reference_median:.4g} -> {found.window_median:.4g} (gap {found.gap:.2f}, limit "
                f"{found.limit:.2f}, stability index {found.stability_index:.2f})"
                for name, found in self.state.compared.items()
                if found.parted
            )
            log.warning("Drift over the last %d pictures: %s", len(self._rows), shown)
        elif self._reported and not parted:
            log.info("Drift is over: the last %d pictures are like the validation images again", len(self._rows))
        self._reported = parted
