"""Reading of an object's folder of VisA, with the splits of its CSV file.

``<object>/Data/Images/Normal``, ``.../Anomaly``, ``Data/Masks/Anomaly``; the table is ``split_csv/1cls.csv`` in the
object's folder or in the one above, with the columns object, split, label, image, mask.
"""

from pathlib import Path, PureWindowsPath

import pandas as pd

from training.data.file_identity import check_link
from training.data.folder_classes import LayoutOptions, check_names, defect_classes, drawn, images_below
from training.data.mask_file import NONZERO
from training.data.sample import IGNORE_ID, Dataset, Sample
from training.support.user_error import UserError

TABLE = Path("split_csv") / "1cls.csv"
_COLUMNS = ("object", "split", "label", "image", "mask")
_NORMAL, _SPLITS = "normal", ("train", "test")


def open_visa(root: Path, options: LayoutOptions) -> Dataset:
    """List an object's images as the table splits them; a part of its test images becomes the validation split.

    Every mask value above 0 is a defect. Raises UserError for a missing table and for files that it names but that are
    missing or lie outside the folder.
    """
    table = next((folder / TABLE for folder in (root, root.parent) if (folder / TABLE).is_file()), None)
    if table is None:
        raise UserError(f"no dataset at {root}: VisA's {TABLE.as_posix()} is neither in it nor beside it")
    rows = _rows(table, root.resolve().name)
    samples = []
    for label in sorted(set(rows["label"])):
        of_label = rows[rows["label"] == label].to_dict("records")
        tested = [row for row in of_label if row["split"] == "test"]
        chosen = drawn(str(label), len(tested), options.validation_fraction, options.split_seed)
        validation = {id(row) for place, row in enumerate(tested) if place in chosen}
        for row in of_label:
            split = "validation" if id(row) in validation else str(row["split"])
            samples.append(_sample(table, root, {str(key): str(value) for key, value in row.items()}, split))
    check_names(root, samples)
    listing = images_below(root / "Data" / "Images") if (root / "Data" / "Images").is_dir() else None
    name = root.resolve().name
    left_out = () if listing is None else listing.left_out
    return Dataset(name, root, defect_classes(["anomaly"]), IGNORE_ID, tuple(samples), left_out)


def _rows(table: Path, name: str) -> pd.DataFrame:
    try:
        rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {table}: {error}") from error
    missing = [column for column in _COLUMNS if column not in rows.columns]
    if missing:
        raise UserError(f"{table}: column {missing[0]} is missing; it has {', '.join(rows.columns)}")
    own = rows[rows["object"] == name]
    if own.empty:
        raise UserError(f"{table} lists no image of {name}; it has {', '.join(sorted(set(rows['object'])))}")
    wrong = own[~own["split"].isin(_SPLITS)]
    if not wrong.empty:
        raise UserError(f"{table}: {wrong.iloc[0]['image']}: split {wrong.iloc[0]['split']!r} is none of train, test")
    return own.reset_index(drop=True)


def _sample(table: Path, root: Path, row: dict[str, str], split: str) -> Sample:
    image = _inside(table, root, row["image"])
    nominal = row["label"] == _NORMAL
    if not nominal and not row["mask"]:
        raise UserError(f"{table}: image {row['image']} is labelled {row['label']}, but has no mask")
    mask = None if nominal or not row["mask"] else _inside(table, root, row["mask"])
    sample_id = f"{row['split']}_{row['label']}_{image.stem}"
    class_id = None if nominal else 1
    return Sample(sample_id, split, image, mask, None, "", "", binary_id=class_id, mask_rule=NONZERO)


def _inside(table: Path, root: Path, text: str) -> Path:
    """Return a file that the table names relative to the folder above the object's."""
    named = PureWindowsPath(text)
    path = root.parent.joinpath(*named.parts)
    if named.drive or named.root or ".." in named.parts:
        raise UserError(f"{table}: {text!r} points outside the dataset")
    if named.parts[:1] != (root.resolve().name,):
        raise UserError(f"{table}: {text!r} is not below {root.resolve().name}")
    path = root.joinpath(*named.parts[1:])
    if not path.is_file():
        raise UserError(f"{table}: {text} is missing")
    check_link(path, root)
    return path
