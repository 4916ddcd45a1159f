"""The paper's three claims (sections V-C, V-D and VI), checked on evaluated experiments."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from eval.page.tables import NOT_MEASURED
from eval.paper.tables import percent_of, published_values
from eval.runs.results import Results

NEAR = 2.0
"""Percentage points of F1 by which melding may lie below the mean of finetuning.

The melding rows of the paper lie above that mean.
"""
_VARIANTS = ("", "_da", "_dr", "_dr_da")


@dataclass(frozen=True)
class Claim:
    """A claim of the paper with the values that support or contradict it."""

    statement: str
    ours: str
    """Our values."""
    paper: str
    """The paper's values."""
    holds: bool | None
    """True if our values support the claim; None if they are not measured."""


Value = Callable[[str, str], float]  # (experiment, column of the paper's tables) -> percent


@dataclass(frozen=True)
class _Evidence:
    text: str
    holds: bool


def check_claims(results: Mapping[str, Results]) -> list[Claim]:
    """Check the three claims; ``results`` maps experiments to their results."""

    def ours(row: str, column: str) -> float:
        return percent_of(results.get(row), column)

    tables = [published_values(1), published_values(2)]

    def paper(row: str, column: str) -> float:
        return float(next(table for table in tables if column in table)[column].to_dict()[row])

    return [
        _claim("Training on stained plates lowers the recall of stains", _stains, ours, paper),
        _claim("Finetuning raises precision", _finetuning, ours, paper),
        _claim(f"Melding comes near finetuning (F1 at most {NEAR:g} points below the mean)", _melding, ours, paper),
    ]


def _claim(statement: str, check: Callable[[Value], _Evidence | None], ours: Value, paper: Value) -> Claim:
    measured, published = check(ours), check(paper)
    holds = None if measured is None else measured.holds
    return Claim(
        statement, measured.text if measured else "not measured", published.text if published else NOT_MEASURED, holds
    )


def _stains(value: Value) -> _Evidence | None:
    pairs = [
        (value(clean, f"water_stain.{kind}"), value(stained, f"water_stain.{kind}"))
        for clean, stained in (("synth", "synth_ws"), ("synth_ft", "synth_ws_ft"))
        for kind in ("pixel_recall", "defect_wise_recall")
    ]
    if not _measured(share for pair in pairs for share in pair):
        return None
    names = ("Synth R_PX", "Synth R_DW", "Synth (ft) R_PX", "Synth (ft) R_DW")
    text = "; ".join(f"{name} {a:.1f} → WS {b:.1f}" for name, (a, b) in zip(names, pairs, strict=True))
    return _Evidence(text, all(stained < clean for clean, stained in pairs))


def _finetuning(value: Value) -> _Evidence | None:
    rows = [f"{plates}{variant}" for plates in ("synth", "synth_ws") for variant in _VARIANTS]
    gains = [value(f"{row}_ft", "pixel_precision") - value(row, "pixel_precision") for row in rows]
    if not _measured(gains):
        return None
    raised = sum(gain > 0 for gain in gains)
    text = f"in {raised} of {len(gains)} rows, by {sum(gains) / len(gains):+.1f} points on average"
    return _Evidence(text, raised == len(gains))


def _melding(value: Value) -> _Evidence | None:
    texts, near = [], []
    for name, plates, melding in (("Melding", "synth", "melding"), ("Melding_WS", "synth_ws", "melding_ws")):
        tuned = [value(f"{plates}{variant}_ft", "pixel_f1") for variant in _VARIANTS]
        melded = value(melding, "pixel_f1")
        if not _measured([*tuned, melded]):
            return None
        mean = sum(tuned) / len(tuned)
        texts.append(f"{name} {melded:.1f}, finetuned {min(tuned):.1f} to {max(tuned):.1f}, mean {mean:.1f}")
        near.append(melded >= mean - NEAR)
    return _Evidence("; ".join(texts), all(near))


def _measured(values: Iterable[float]) -> bool:
    return not any(math.isnan(value) for value in values)
