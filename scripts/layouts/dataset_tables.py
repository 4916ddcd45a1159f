"""The tables of a dataset as text, so that copies from one folder to another keep every character."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from training.data.dataset_writer import INSTANCE_COLUMNS, write_rows
from training.data.stainless_layout import read_description
from training.support.user_error import UserError
from training.support.whole_file import write_json

SIDECAR = "stainless"
"""The folder in an export that keeps data without a place in the other layout."""


@dataclass(frozen=True)
class DatasetTables:
    """dataset.json, and the rows of samples.csv and instances.csv by sample id."""

    description: dict[str, Any]
    samples: dict[str, dict[str, str]]
    instances: dict[str, list[dict[str, str]]]

    def parameters(self, sample_id: str) -> dict[int, dict[str, str]]:
        """Return the columns of instances.csv beyond the first four, by instance id."""
        rows = self.instances.get(sample_id, [])
        return {int(row["instance_id"]): dict(list(row.items())[4:]) for row in rows}


def read_tables(root: Path) -> DatasetTables:
    """Read dataset.json, samples.csv and instances.csv if it exists. Raises UserError."""
    samples = _rows(root / "samples.csv", ("sample_id", "split"))
    instances: dict[str, list[dict[str, str]]] = {}
    if (root / "instances.csv").is_file():
        for row in _rows(root / "instances.csv", INSTANCE_COLUMNS):
            instances.setdefault(row["sample_id"], []).append(row)
    return DatasetTables(read_description(root / "dataset.json"), {row["sample_id"]: row for row in samples}, instances)


def write_tables(folder: Path, tables: DatasetTables) -> None:
    """Write the tables into an export's folder."""
    instances = [row for of_sample in tables.instances.values() for row in of_sample]
    write_rows(folder, list(tables.samples.values()), instances)
    write_json(folder / "dataset.json", tables.description)


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    if list(table.columns[: len(columns)]) != list(columns):
        raise UserError(f"{path} does not begin with the columns {', '.join(columns)}")
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
