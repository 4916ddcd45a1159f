"""Reading of instances.csv, the table of the instances of a dataset folder (docs/dataset.md)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from training.data.dataset_table import read_table
from training.data.instance_sizes import SIZE_COLUMNS, InstanceSize
from training.support.user_error import UserError


@dataclass
class InstanceFacts:
    """The facts about an image's instances, as far as the table has them."""

    visibility: list[tuple[int, float]] = field(default_factory=list)
    """(Instance id, visibility)."""
    sizes: list[InstanceSize] = field(default_factory=list)


def read_instance_facts(path: Path, class_names: set[str]) -> dict[str, InstanceFacts]:
    """Check the table; return the facts by sample id.

    A missing column, as in a dataset of an earlier version, and an empty cell are facts that are not known. Raises
    UserError for an unknown class, or a value that is not a number from 0.
    """
    table = read_table(path, ("sample_id", "instance_id", "class", "pixel_area"))
    unknown = table[~table["class"].isin(list(class_names))]
    if not unknown.empty:
        first = unknown.iloc[0]
        raise UserError(
            f"{path}: sample {first['sample_id']}: unknown class {first['class']!r}; dataset.json names "
            f"{sorted(class_names)}"
        )
    facts: dict[str, InstanceFacts] = {}
    for row in _rows_with(table, "visibility"):
        of_sample = facts.setdefault(row["sample_id"], InstanceFacts())
        of_sample.visibility.append(_number(path, row, "visibility"))
    for entry in SIZE_COLUMNS:
        for row in _rows_with(table, entry.column):
            if row["class"] not in entry.not_of:
                number, value = _number(path, row, entry.column)
                size = InstanceSize(number, entry.quantity, entry.factor * value)
                facts.setdefault(row["sample_id"], InstanceFacts()).sizes.append(size)
    return facts


def _rows_with(table: pd.DataFrame, column: str) -> list[dict[Any, Any]]:
    """Return the rows that have a value in the column."""
    return table[table[column] != ""].to_dict("records") if column in table.columns else []


def _number(path: Path, row: Mapping[Any, Any], column: str) -> tuple[int, float]:
    """Return a row's instance id and its value in a column."""
    try:
        number, value = int(row["instance_id"]), float(row[column])
    except ValueError:
        number, value = 0, -1.0
    if number < 1 or not 0 <= value < math.inf:
        raise UserError(
            f"{path}: sample {row['sample_id']}: instance {row['instance_id']!r} has {column} {row[column]!r}; an id "
            "from 1 and a number from 0 belong there"
        )
    return number, value
