"""Counts of every plate and class of one evaluation: a file from which the metrics of any set of plates follow.

Rows with the same plates can be compared plate by plate, without the images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from eval.metrics.bootstrap import PlateSums
from training.data.dataset import DefectClass
from training.support.user_error import UserError

PLATES_FILE = "plates.csv"
COUNTS = ("pixels", "predicted", "instances", "found")
"""Pixels and predicted pixels of a class; its instances and the found ones."""


@dataclass(frozen=True)
class PlateCounts:
    """COUNTS by plate and class, without ignored pixels."""

    plates: tuple[str, ...]
    classes: tuple[tuple[str, str], ...]
    """Name and kind of each class, the background included."""
    counts: npt.NDArray[np.int64]
    """(plates, classes, 4)."""


def plate_counts(plates: Mapping[str, PlateSums], classes: Sequence[DefectClass]) -> PlateCounts:
    """Return the counts of a split's plates, by plate name."""
    ids = [entry.id for entry in classes]
    counts = [np.concatenate([sums.by_class, sums.instances])[:, ids].T for sums in plates.values()]
    return PlateCounts(tuple(plates), tuple((entry.name, entry.kind) for entry in classes), np.stack(counts))


def write_plate_counts(counts: PlateCounts, folder: Path) -> None:
    """Write plates.csv into the folder."""
    rows = [
        {"plate_id": plate, "class": name, "kind": kind, **dict(zip(COUNTS, values, strict=True))}
        for plate, of_plate in zip(counts.plates, counts.counts.tolist(), strict=True)
        for (name, kind), values in zip(counts.classes, of_plate, strict=True)
    ]
    pd.DataFrame(rows).to_csv(folder / PLATES_FILE, index=False)


def read_plate_counts(folder: Path) -> PlateCounts:
    """Read plates.csv of an evaluation. Raises UserError if it is missing or damaged."""
    path = folder / PLATES_FILE
    try:
        table = pd.read_csv(path, dtype={"plate_id": str, "class": str, "kind": str}, keep_default_na=False)
        plates = tuple(dict.fromkeys(table["plate_id"]))
        classes = tuple(dict.fromkeys(zip(table["class"], table["kind"], strict=True)))
        counts = table[list(COUNTS)].to_numpy(np.int64).reshape(len(plates), len(classes), len(COUNTS))
    except FileNotFoundError:
        raise UserError(f"{path} is missing; evaluate the run again") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}); evaluate the run again") from error
    return PlateCounts(plates, classes, counts)
