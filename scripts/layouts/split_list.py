"""A list of splits that a user gives: a CSV table of plates, or of pictures, and their splits."""

from collections.abc import Mapping
from pathlib import Path, PureWindowsPath

import pandas as pd

from training.data.file_identity import is_image
from training.data.sample import SPLITS
from training.support.listed_names import listed
from training.support.user_error import UserError

_FIRST = ("plate", "picture")


def read_split_list(path: Path, plates: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the split of every picture that a table lists, and notes.

    The columns are plate or picture, and split; a picture is its path below the imported folder, with or without
    suffix. ``plates`` gives the plate of every picture. Raises UserError for a wrong table, for names that do not exist
    or have two splits.
    """
    table = _read(path)
    by = next(column for column in _FIRST if column in table.columns)
    known = set(plates.values()) if by == "plate" else set(plates)
    given: dict[str, str] = {}
    for text, split in zip(table[by], table["split"], strict=True):
        name = text if by == "plate" else _picture_name(text)
        if split not in SPLITS:
            raise UserError(f"{path}: {by} {text}: split {split!r} is none of {', '.join(SPLITS)}")
        if given.setdefault(name, split) != split:
            raise UserError(f"{path}: {by} {text} is in two splits, {given[name]} and {split}")
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UserError(f"{path} names {by}s that are not there: {listed(unknown)}; there are {listed(sorted(known))}")
    split_of = {
        name: given[key] for name, plate in plates.items() if (key := plate if by == "plate" else name) in given
    }
    return split_of, _notes(path, split_of, plates)


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    table = table.rename(columns=lambda name: str(name).strip().lower()).apply(lambda column: column.str.strip())
    if "split" not in table.columns or not any(column in table.columns for column in _FIRST):
        raise UserError(f"{path} needs the columns plate,split or picture,split; it has {', '.join(table.columns)}")
    if table.empty:
        raise UserError(f"{path} lists nothing")
    return table


def _picture_name(text: str) -> str:
    place = PureWindowsPath(text)  # understands / and \
    return (place.with_suffix("") if is_image(place) or place.suffix == ".json" else place).as_posix()


def _notes(path: Path, split_of: Mapping[str, str], plates: Mapping[str, str]) -> list[str]:
    notes = []
    silent = sorted(set(plates) - set(split_of))
    if silent:
        notes.append(f"{len(silent)} pictures are not in {path} and are left out: {listed(silent)}")
    splits: dict[str, set[str]] = {}
    for name, split in split_of.items():
        splits.setdefault(plates[name], set()).add(split)
    torn = sorted(plate for plate, of in splits.items() if len(of) > 1)
    if torn:
        notes.append(f"warning: {len(torn)} plates are in several splits, as {path} says: {listed(torn)}")
    return notes
