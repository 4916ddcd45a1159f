"""The contents of a dataset folder, as its card describes them: the tables as they are written, and counts."""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPLITS = ("train", "validation", "test")
SAMPLES, INSTANCES = "samples.csv", "instances.csv"
BACKGROUND, DEFECT = "background", "defect"

Row = Mapping[str, str]


@dataclass(frozen=True)
class Contents:
    """A dataset folder: dataset.json's description, the rows of both tables, and each sample's classes."""

    folder: Path
    description: Mapping[str, Any]
    samples: list[Row]
    instances: list[Row]
    classes_of: Mapping[str, list[str]]
    """Names of a sample's classes by sample_id, in the order of their ids, without the background."""

    @property
    def kinds(self) -> dict[str, str]:
        """Return the kind of each class, without the background, in the order of the ids."""
        return kinds_of(self.description)

    def is_defective(self, sample_id: str) -> bool:
        """Return whether a sample shows a defect; impurities do not count."""
        return any(self.kinds[name] == DEFECT for name in self.classes_of[sample_id])


def read_contents(
    folder: Path, description: Mapping[str, Any], shown: Mapping[str, Collection[str]] | None = None
) -> Contents:
    """Read the tables of a dataset folder. Raises OSError if one cannot be read.

    ``shown`` holds the names of the classes in each sample's mask by sample_id. None takes them from instances.csv,
    which is complete in rendered folders; in others a class may have pixels without an instance.
    """
    samples = _rows(folder / SAMPLES)
    instances = _rows(folder / INSTANCES) if (folder / INSTANCES).exists() else []
    found: dict[str, set[str]] = {row["sample_id"]: set() for row in samples}
    if shown is None:
        for row in instances:
            found[row["sample_id"]].add(row["class"])
    else:
        found |= {sample: set(names) for sample, names in shown.items()}
    order = kinds_of(description)
    classes_of = {sample: [name for name in order if name in names] for sample, names in found.items()}
    return Contents(folder, description, samples, instances, classes_of)


def kinds_of(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the kind of each class, without the background, in the order of the ids."""
    classes = sorted(description["classes"], key=lambda entry: int(entry["id"]))
    return {entry["name"]: entry["kind"] for entry in classes if entry["kind"] != BACKGROUND}


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
