"""Reading of this project's dataset folder (docs/dataset.md)."""

import json
from pathlib import Path, PureWindowsPath
from typing import Any

import jsonschema

from training.data.dataset_table import read_table
from training.data.file_identity import identity
from training.data.instance_table import InstanceFacts, read_instance_facts
from training.data.sample import SPLITS, Dataset, DefectClass, Sample
from training.support.user_error import UserError

SCHEMA = Path(__file__).resolve().parents[2] / "conf" / "schemas" / "dataset.schema.json"
_COLUMNS = ("sample_id", "split", "image", "mask", "instances", "light", "plate_id", "view")


def open_stainless(root: Path) -> Dataset:
    """Read and check ``dataset.json`` and the tables of a dataset folder; images are only checked to exist.

    Raises UserError, naming the file and the sample, for anything missing, malformed or outside the folder.
    """
    description = read_description(root / "dataset.json")
    classes = tuple(DefectClass(c["id"], c["name"], c["kind"], tuple(c["colour"])) for c in description["classes"])
    table = read_table(root / "samples.csv", _COLUMNS)
    if len(table) != description["samples"]:
        counts = f"{len(table)} samples, dataset.json says {description['samples']}"
        raise UserError(f"{root / 'samples.csv'} lists {counts}: the folder is incomplete")
    if table.empty:
        raise UserError(f"the dataset {root} is empty: samples.csv lists no sample")
    repeated = table["sample_id"][table["sample_id"].duplicated()]
    if not repeated.empty:
        raise UserError(f"{root / 'samples.csv'}: sample_id {repeated.iloc[0]} appears twice")
    known_ids = tuple(c.id for c in classes)
    facts: dict[str, InstanceFacts] = {}
    if (root / "instances.csv").exists():
        facts = read_instance_facts(root / "instances.csv", {c.name for c in classes})
    nothing = InstanceFacts()
    samples = tuple(
        _sample(root, row, known_ids, facts.get(row["sample_id"], nothing)) for row in table.to_dict("records")
    )
    _check_images(root / "samples.csv", samples)
    return Dataset(description["name"], root, classes, description["ignore_id"], samples)


def read_description(path: Path) -> dict[str, Any]:
    """Read a ``dataset.json`` and validate it against the schema.

    Raises UserError that names the first wrong field.
    """
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"no dataset at {path.parent}: cannot read {path.name} ({error.strerror})") from error
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}") from error
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    first = jsonschema.exceptions.best_match(validator.iter_errors(description))
    if first is not None:
        raise UserError(f"{path}: {first.json_path}: {first.message}")
    for key in ("id", "name"):
        values = [c[key] for c in description["classes"]]
        if len(set(values)) != len(values):
            raise UserError(f"{path}: two classes have the same {key}")
    return dict(description)


def _sample(root: Path, row: dict[Any, Any], known_ids: tuple[int, ...], facts: InstanceFacts) -> Sample:
    sample_id, split = row["sample_id"], row["split"]
    if not sample_id or "/" in sample_id or "\\" in sample_id:
        raise UserError(f"{root / 'samples.csv'}: sample_id {sample_id!r} must be text without slashes")
    if split not in SPLITS:
        raise UserError(f"{root / 'samples.csv'}: sample {sample_id}: split {split!r} is none of {', '.join(SPLITS)}")
    image = _inside(root, sample_id, "image", row["image"])
    mask = _inside(root, sample_id, "mask", row["mask"])
    instances = _inside(root, sample_id, "instances", row["instances"])
    if image is None:
        raise UserError(f"{root / 'samples.csv'}: sample {sample_id} names no image")
    if mask is None and split != "train":
        raise UserError(
            f"{root / 'samples.csv'}: sample {sample_id} ({split}) names no mask; only train samples may lack one"
        )
    return Sample(
        sample_id,
        split,
        image,
        mask,
        instances,
        row["plate_id"],
        row["light"],
        known_ids,
        # without an instance map, the table's ids mean nothing
        visibility=tuple(facts.visibility) if instances else (),
        sizes=tuple(facts.sizes) if instances else (),
    )


def _inside(root: Path, sample_id: str, column: str, text: str) -> Path | None:
    """Return the file that a table names; reject absolute paths, '..' and links that lead out of the folder."""
    if not text:
        return None
    as_windows = PureWindowsPath(text)  # the stricter reading on any machine: / and \ are separators, drives are known
    path = root / text
    if (
        as_windows.drive
        or as_windows.root
        or ".." in as_windows.parts
        or not path.resolve().is_relative_to(root.resolve())
    ):
        raise UserError(f"{root / 'samples.csv'}: sample {sample_id}: {column} {text!r} points outside the dataset")
    if not path.is_file():
        raise UserError(f"sample {sample_id}: {column} {path} is missing")
    return path


def _check_images(table: Path, samples: tuple[Sample, ...]) -> None:
    """Raise UserError if two samples have one image file, or one mask file."""
    for column in ("image", "mask"):
        owners: dict[str, str] = {}
        for sample in samples:
            path = sample.image if column == "image" else sample.mask
            owner = sample.sample_id if path is None else owners.setdefault(identity(path), sample.sample_id)
            if owner != sample.sample_id:
                raise UserError(f"{table}: samples {owner} and {sample.sample_id} have the same {column} {path}")
