"""Verdicts on the paper's claims: an effect, its interval over plates and seeds, and the share of resamples in favour.

A claim *holds* if the whole interval lies on its side, *does not hold* if the whole interval lies on the other side,
and is *not decided* between. The comparison is paired: each resample draws the same plates for all rows. The
bootstrap's intervals are too narrow with very few plates, so fewer than FEWEST_PLATES decide nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eval.paper.claims import CLAIMS, Claim
from eval.paper.measured_row import MeasuredRow, mean_of
from eval.paper.resampled import ResampledRows
from eval.paper.tables import published_value

FEWEST_PLATES = 5
HOLDS, FAILS, OPEN, UNKNOWN = "holds", "does not hold", "not decided", "not measured"


@dataclass(frozen=True)
class Finding:
    """A claim, or one of its parts, with its verdict. Effects are in points, positive in the claim's sense."""

    key: str
    statement: str
    part: str
    """Name of the part; "" for the claim itself."""
    measure: str
    paper: float
    effect: float
    """NaN if a row is not measured."""
    low: float
    high: float
    """Interval of the effect; NaN without plates."""
    in_favour: float
    """Share of the resamples in which the effect lies on the claim's side of the margin."""
    margin: float
    verdict: str

    @property
    def is_claim(self) -> bool:
        """Return whether this is the claim itself, not one of its parts."""
        return self.part == ""


def findings(rows: Mapping[str, MeasuredRow], resampled: ResampledRows) -> list[Finding]:
    """Return the finding of every claim, each followed by those of its parts."""
    found = []
    for claim in CLAIMS:
        found.append(_finding(claim, "", claim.effect, rows, resampled))
        found += [_finding(claim, part.name, part.effect, rows, resampled) for part in claim.parts]
    return found


def _finding(
    claim: Claim, part: str, effect: Any, rows: Mapping[str, MeasuredRow], resampled: ResampledRows
) -> Finding:
    def ours(row: str, column: str) -> float:
        return mean_of(rows.get(row, ()), column)

    measured = float(effect(ours))
    drawn = np.empty(0) if math.isnan(measured) else _drawn(effect, resampled)
    low, high = resampled.interval(drawn)
    counted = drawn[np.isfinite(drawn)]
    share = float((counted > -claim.margin).mean()) if len(counted) and not math.isnan(low) else float("nan")
    return Finding(
        key=claim.key,
        statement=claim.statement,
        part=part,
        measure=claim.measure,
        paper=float(effect(published_value)),
        effect=measured,
        low=low,
        high=high,
        in_favour=share,
        margin=claim.margin,
        verdict=verdict_of(measured, low, high, claim.margin, len(resampled.plates)),
    )


def _drawn(effect: Any, resampled: ResampledRows) -> np.ndarray:
    """Return the effect in every resample; empty if a row has no plates."""
    missing = False

    def value(row: str, column: str) -> Any:
        nonlocal missing
        values = resampled.values(row, column)
        missing = missing or len(values) == 0
        return values if len(values) else float("nan")

    found = effect(value)
    return np.empty(0) if missing else np.asarray(found, dtype=np.float64)


def verdict_of(effect: float, low: float, high: float, margin: float, plates: int) -> str:
    """Return the verdict on an effect with this interval over so many plates."""
    if math.isnan(effect):
        return UNKNOWN
    if plates < FEWEST_PLATES:
        return OPEN
    if low > -margin:
        return HOLDS
    return FAILS if high < -margin else OPEN  # without an interval, both comparisons are false


def as_table(found: list[Finding]) -> pd.DataFrame:
    """Return findings as a table, a row each."""
    columns = ("key", "part", "verdict", "effect", "low", "high", "in_favour", "margin", "paper", "statement")
    return pd.DataFrame([{name: getattr(entry, name) for name in (*columns, "measure")} for entry in found])


def as_csv(found: list[Finding]) -> str:
    """Format findings as CSV, in points with four decimals."""
    return str(as_table(found).to_csv(index=False, float_format="%.4f", lineterminator="\n"))
