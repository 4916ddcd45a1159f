"""Separate what the patches of stained plates change from what their threshold changes.

A coreset with patches of stains scores stains lower, so its threshold of maximum F1 is another one. At the threshold of
the coreset without them, only the patches differ.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eval.paper.measured_row import MeasuredRow, Measurement

PAIRS = {"synth": "synth_ws", "synth_ft": "synth_ws_ft"}
"""Rows without stains and the same with them."""
FIGURES = ("R_PX", "R_DW")
COLUMNS = ("row", "class", "figure", "clean", "stained_at_clean_threshold", "stained", "by_patches", "by_threshold")


def equal_threshold_table(rows: Mapping[str, MeasuredRow]) -> pd.DataFrame:
    """Return both recalls of every class in percent, means over seeds: without stains, with them, and in between.

    ``clean`` and ``stained`` are at the rows' own thresholds. ``stained_at_clean_threshold`` is the stained row at the
    threshold of the clean one, at the nearest step of its sweep. ``by_patches`` and ``by_threshold`` are the
    differences in points; they add up to stained minus clean. Pairs with a missing row, seeds that only one row has,
    and evaluations whose sweep does not reach the threshold are left out.
    """
    lines = []
    for clean, stained in PAIRS.items():
        others = {entry.seed: entry for entry in rows.get(stained, ())}
        pairs = [(entry, others[entry.seed]) for entry in rows.get(clean, ()) if entry.seed in others]
        pairs = [pair for pair in pairs if all(_reaches(entry, pair[0].results.model.threshold) for entry in pair)]
        for name in _classes(pairs):
            for figure in FIGURES:
                values = np.array([_recalls(pair, name, figure) for pair in pairs])
                before, between, after = values.mean(axis=0).tolist()
                lines.append((stained, name, figure, before, between, after, between - before, after - between))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _reaches(measured: Measurement, threshold: float) -> bool:
    thresholds = _sweep(measured).get("thresholds", ())
    return len(thresholds) > 1 and thresholds[0] <= threshold <= thresholds[-1]


def _classes(pairs: Sequence[tuple[Measurement, Measurement]]) -> list[str]:
    """Return the names of the classes that have instances."""
    return [entry["name"] for entry in _sweep(pairs[0][0])["classes"] if entry["instances"]] if pairs else []


def _recalls(pair: tuple[Measurement, Measurement], name: str, figure: str) -> tuple[float, float, float]:
    clean, stained = pair
    threshold = clean.results.model.threshold
    own = stained.results.model.threshold
    return (
        _recall(clean, threshold, name, figure),
        _recall(stained, threshold, name, figure),
        _recall(stained, own, name, figure),
    )


def _recall(measured: Measurement, threshold: float, name: str, figure: str) -> float:
    """Return a class's recall [%] at the step of the sweep nearest to a threshold."""
    sweep = _sweep(measured)
    step = int(np.abs(np.log(np.array(sweep["thresholds"]) / threshold)).argmin())
    counts = next(entry for entry in sweep["classes"] if entry["name"] == name)
    if figure == "R_PX":
        return 100 * float(counts["predicted"][step] / counts["pixels"])
    return 100 * float(counts["found"][0][step] / counts["instances"])


def _sweep(measured: Measurement) -> dict[str, Any]:
    return dict(measured.results.curves.sweep or {})
