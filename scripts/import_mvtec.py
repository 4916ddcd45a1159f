"""Convert a folder in the layout of MVTec AD into a dataset folder."""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.runs.whole_folder import whole_folder
from scripts.layouts.dataset_card import write_card
from scripts.layouts.dataset_tables import SIDECAR, read_tables
from scripts.layouts.plate_split import draw_fraction
from training.data.check import require_sound
from training.data.dataset_writer import DatasetWriter
from training.data.file_identity import left_out_in_words
from training.data.image_file import read_image
from training.data.mask_file import read_instances, read_mask
from training.data.mvtec_layout import GOOD, open_mvtec
from training.data.sample import SPLITS, Dataset, DefectClass, Sample
from training.support.progress import with_progress
from training.support.user_error import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 after a user's mistake, reported in one line."""
    options = _parser().parse_args(arguments)
    try:
        if options.out.exists():
            raise UserError(f"{options.out} exists already; choose another --out or remove it")
        options.out.parent.mkdir(parents=True, exist_ok=True)
        if (options.source / SIDECAR).is_dir():
            restore(options.source, options.out)
        else:
            for line in import_mvtec(
                options.source,
                options.out,
                options.impurities,
                options.validation_fraction,
                options.seed,
                options.plate_pattern,
                options.good,
            ):
                print(line)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"dataset: {options.out}")
    return 0


def import_mvtec(
    source: Path,
    out: Path,
    impurities: Sequence[str],
    fraction: float,
    seed: int,
    plate_pattern: str | None,
    good: str = GOOD,
) -> list[str]:
    """Write the dataset folder, whole or not at all; validation images are drawn from test/.

    Returns notes for the user.

    A class is a folder's name. Every image is a separate plate, unless ``plate_pattern``, searched in the file's name,
    gives the plate. Raises UserError.
    """
    dataset = open_mvtec(source, fraction if plate_pattern is None else 0.0, seed, good)
    names = [entry.name for entry in dataset.classes[1:]]
    unknown = [name for name in impurities if name not in names]
    if unknown:
        raise UserError(f"{source}/test has no class {unknown[0]}; it has {', '.join(names)}")
    kinds = {name: "impurity" if name in impurities else "defect" for name in names}
    classes = (dataset.classes[0], *(replace(entry, kind=kinds[entry.name]) for entry in dataset.classes[1:]))
    if plate_pattern is None:
        samples = [replace(sample, plate_id=sample.sample_id) for sample in dataset.samples]
    else:
        samples = _split_by_plate(dataset, plate_pattern, fraction, seed)
    notes = [f"note: {line}" for line in left_out_in_words(dataset.left_out, source)]
    notes += [f"warning: {line}" for line in require_sound(dataset)]
    with whole_folder(out) as folder:
        writer = DatasetWriter(folder, classes, write_card)
        for number, sample in enumerate(with_progress(samples, len(samples), "importing")):
            row = {"sample_id": f"{number:06d}", "split": sample.split, "plate_id": sample.plate_id}
            _copy(writer, row | {"source": sample.image.relative_to(source).as_posix()}, sample)
        writer.finish(dataset.name, {"split": seed})
    return notes


def restore(source: Path, out: Path) -> None:
    """Write the dataset from which export_dataset.py made this MVTec-layout folder, without loss."""
    tables = read_tables(source / SIDECAR)
    classes = tuple(
        DefectClass(c["id"], c["name"], c["kind"], tuple(c["colour"])) for c in tables.description["classes"]
    )
    known = tuple(entry.id for entry in classes)
    images = {path.stem: path for split in SPLITS for path in sorted((source / split).glob("*/*"))}
    masks, instances = (
        {path.stem: path for path in (source / SIDECAR / part).glob("*.png")} for part in ("masks", "instances")
    )
    with whole_folder(out) as folder:
        writer = DatasetWriter(folder, classes, write_card)
        for name, row in with_progress(tables.samples.items(), len(tables.samples), "importing"):
            if not (name in images and name in masks and name in instances):
                raise UserError(f"{source}: sample {name} lacks its image, its mask or its instances")
            sample = Sample(name, row["split"], images[name], masks[name], instances[name], "", "", known)
            _copy(writer, row, sample, tables.parameters(name))
        writer.finish(source.name, {}, tables.description)


def _copy(
    writer: DatasetWriter, row: dict[str, str], sample: Sample, parameters: dict[int, dict[str, str]] | None = None
) -> None:
    mask = read_mask(sample, read_image(sample.image).shape)
    content = (sample.image.read_bytes(), sample.image.suffix)
    writer.add(row, content, mask, read_instances(sample, mask), parameters or {})


def _split_by_plate(dataset: Dataset, pattern: str, fraction: float, seed: int) -> list[Sample]:
    """Return the samples with their plates, and whole plates in the validation split, drawn by stratum.

    A stratum is the set of plates that show the same classes.
    """
    samples = []
    for sample in dataset.samples:
        found = re.search(pattern, sample.image.stem)
        if found is None:
            raise UserError(f"{sample.image} does not match --plate-pattern {pattern}")
        samples.append(replace(sample, plate_id=found[1] if found.groups() else found[0]))
    trained = {sample.plate_id for sample in samples if sample.split == "train"}
    shows: dict[str, set[int]] = {}
    for sample in samples:
        if sample.split == "test":
            if sample.plate_id in trained:
                raise UserError(f"plate {sample.plate_id} is in train/ and in test/ ({sample.image})")
            shows.setdefault(sample.plate_id, set()).add(sample.binary_id or 0)
    strata = {plate: " ".join(map(str, sorted(ids))) for plate, ids in shows.items()}
    validation = draw_fraction(strata, fraction, seed)
    return [replace(s, split="validation") if s.plate_id in validation else s for s in samples]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="import_mvtec.py",
        description=__doc__,
        epilog="for instance: python -m scripts.import_mvtec metal_nut --out datasets/metal_nut",
    )
    parser.add_argument(
        "source", type=Path, help="folder with train/good, test/good, test/<class>, ground_truth/<class>"
    )
    parser.add_argument("--out", type=Path, required=True, help="dataset folder to write")
    parser.add_argument(
        "--good", default=GOOD, metavar="NAME", help="name of the folders of nominal images (%(default)s)"
    )
    parser.add_argument("--impurities", nargs="+", default=[], metavar="CLASS", help="classes that are not defects")
    parser.add_argument(
        "--validation-fraction", type=float, default=0.3, help="share of test/ for validation (%(default)s)"
    )
    parser.add_argument(
        "--plate-pattern", type=_pattern, help="regular expression that finds the plate in a file's name"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the validation split (%(default)s)")
    return parser


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regular expression: {error}") from error
    return text


if __name__ == "__main__":
    sys.exit(main())
