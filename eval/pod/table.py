"""pod.csv: a row for each class and quantity."""

from dataclasses import fields
from pathlib import Path

import pandas as pd

from eval.pod.record import VISIBILITY, Pod, PodCurve

POD_FILE = "pod.csv"
_INTERVALS = ("a50_interval", "a90_interval")
_NOT_IN_TABLE = ("shares", "points", "warnings", *_INTERVALS)
COLUMNS = (
    "class",
    "unit",
    *(entry.name for entry in fields(PodCurve) if entry.name not in (*_NOT_IN_TABLE, "class_name")),
    *(f"{name.removesuffix('_interval')}_{end}" for name in _INTERVALS for end in ("low", "high")),
    "warnings",
)


def write_pod_table(pod: Pod, folder: Path) -> None:
    """Write pod.csv into the folder; sizes are in metres, and a value that is not measured is an empty cell."""
    pd.DataFrame([_row(curve) for curve in pod.curves], columns=list(COLUMNS)).to_csv(folder / POD_FILE, index=False)


def _row(curve: PodCurve) -> dict[str, object]:
    row = {entry.name: getattr(curve, entry.name) for entry in fields(PodCurve) if entry.name not in _NOT_IN_TABLE}
    row["class"], row["unit"] = row.pop("class_name"), "1" if curve.quantity == VISIBILITY else "m"
    for name in _INTERVALS:
        low, high = getattr(curve, name) or (None, None)
        short = name.removesuffix("_interval")
        row |= {f"{short}_low": low, f"{short}_high": high}
    row["warnings"] = "; ".join(curve.warnings)
    return row
