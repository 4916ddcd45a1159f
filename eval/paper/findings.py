"""The paper's three findings (sections V-C, V-D and VI), put to evaluated experiments."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eval.paper.tables import paper_figures, percent_of

NEAR = 2.0
"""Percentage points of F1 that "comes near" allows here; the paper's own melding rows lie above the mean of theirs."""
_VARIANTS = ("", "_da", "_dr", "_dr_da")


@dataclass(frozen=True)
class Finding:
    """A statement of the paper's, the figures that it rests on, ours and the paper's, and whether ours agree (None: not
    measured).
    """

    statement: str
    ours: str
    paper: str
    holds: bool | None


Figure = Callable[[str, str], float]  # (experiment, column of the paper's tables) to percent


@dataclass(frozen=True)
class _Seen:
    text: str
    holds: bool


def findings(results: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """Judge the three findings; ``results`` are the documents of results.json by experiment."""

    def ours(row: str, column: str) -> float:
        return percent_of(results.get(row), column)

    tables = [paper_figures(1), paper_figures(2)]

    def paper(row: str, column: str) -> float:
        return float(next(table for table in tables if column in table)[column].to_dict()[row])

    return [
        _finding("Training on stained plates lowers the recall of stains", _stains, ours, paper),
        _finding("Finetuning raises precision", _finetuning, ours, paper),
        _finding(f"Melding comes near finetuning (F1 at most {NEAR:g} points below the mean)", _melding, ours, paper),
    ]


def _finding(statement: str, look: Callable[[Figure], _Seen | None], ours: Figure, paper: Figure) -> Finding:
    seen, printed = look(ours), look(paper)
    holds = None if seen is None else seen.holds
    return Finding(statement, seen.text if seen else "not measured", printed.text if printed else "–", holds)


def _stains(figure: Figure) -> _Seen | None:
    pairs = [
        (figure(clean, f"water_stain.{kind}"), figure(stained, f"water_stain.{kind}"))
        for clean, stained in (("synth", "synth_ws"), ("synth_ft", "synth_ws_ft"))
        for kind in ("pixel_recall", "defect_wise_recall")
    ]
    if not _measured(value for pair in pairs for value in pair):
        return None
    names = ("Synth R_PX", "Synth R_DW", "Synth (ft) R_PX", "Synth (ft) R_DW")
    text = "; ".join(f"{name} {a:.1f} → WS {b:.1f}" for name, (a, b) in zip(names, pairs, strict=True))
    return _Seen(text, all(stained < clean for clean, stained in pairs))


def _finetuning(figure: Figure) -> _Seen | None:
    rows = [f"{plates}{variant}" for plates in ("synth", "synth_ws") for variant in _VARIANTS]
    gains = [figure(f"{row}_ft", "pixel_precision") - figure(row, "pixel_precision") for row in rows]
    if not _measured(gains):
        return None
    raised = sum(gain > 0 for gain in gains)
    text = f"in {raised} of {len(gains)} rows, by {sum(gains) / len(gains):+.1f} points on average"
    return _Seen(text, raised == len(gains))


def _melding(figure: Figure) -> _Seen | None:
    texts, near = [], []
    for name, plates, melding in (("Melding", "synth", "melding"), ("Melding_WS", "synth_ws", "melding_ws")):
        tuned = [figure(f"{plates}{variant}_ft", "pixel_f1") for variant in _VARIANTS]
        melded = figure(melding, "pixel_f1")
        if not _measured([*tuned, melded]):
            return None
        mean = sum(tuned) / len(tuned)
        texts.append(f"{name} {melded:.1f}, finetuned {min(tuned):.1f} to {max(tuned):.1f}, mean {mean:.1f}")
        near.append(melded >= mean - NEAR)
    return _Seen("; ".join(texts), all(near))


def _measured(values: Iterable[float]) -> bool:
    return not any(math.isnan(value) for value in values)
