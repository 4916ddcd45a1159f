"""Reading of a CSV table of a dataset folder as text."""

from pathlib import Path

import pandas as pd

from training.support.user_error import UserError


def read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a table whose cells stay text; "" for an empty cell.

    Raises UserError if it cannot be read or lacks one of the columns.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:  # pandas' parser errors and wrong encodings
        raise UserError(f"{path} is not a CSV table: {error}") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]} is missing")
    return table
