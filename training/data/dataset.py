"""Opening of datasets (``conf/dataset``) and reading of their images: the interface to other packages."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from training.data.folder_classes import LayoutOptions
from training.data.held_out import with_held_out_validation
from training.data.image_file import read_image
from training.data.layouts import LAYOUTS
from training.data.mask_file import inside_of, read_instances, read_mask
from training.data.sample import IGNORE_ID, SPLITS, Dataset, DefectClass, Sample
from training.data.settings import DatasetSettings
from training.support.user_error import UserError

__all__ = [
    "IGNORE_ID",
    "SPLITS",
    "Dataset",
    "DatasetSettings",
    "DefectClass",
    "Sample",
    "inside_of",
    "open_dataset",
    "read_image",
    "read_instances",
    "read_mask",
]


def open_dataset(settings: DatasetSettings) -> Dataset:
    """Open a dataset.

    The train split comes from ``roots``. Several folders are concatenated (domain randomization, DR; paper, section
    V-B). Validation and test come from ``evaluation_root``, for training on synthetic plates with a threshold from real
    ones. Of a dataset of train images alone, a part is held out as validation split. ``max_plates`` keeps the train
    images of the first plates, ``max_images`` thins them evenly. Raises UserError.
    """
    nominal = _concatenated([_open_folder(root, settings.layout, settings) for root in settings.roots])
    if settings.evaluation_root != settings.roots[0]:
        evaluation = _open_folder(settings.evaluation_root, settings.evaluation_layout, settings)
        if settings.evaluation_layout != "stainless":
            evaluation = _renumbered(evaluation, nominal.classes)
        nominal = _joined(nominal, evaluation)
    nominal = with_held_out_validation(nominal, settings.validation_fraction, settings.split_seed)
    if settings.max_plates is not None:
        nominal = _first_plates(nominal, settings.max_plates)
    return nominal if settings.max_images is None else _thinned(nominal, settings.max_images)


def _open_folder(root: Path, layout: str, settings: DatasetSettings) -> Dataset:
    if not root.is_dir():
        raise UserError(f"no dataset at {root}: there is no such folder")
    if layout not in LAYOUTS:
        raise UserError(f"dataset.layout {layout!r} is none of {', '.join(LAYOUTS)}")
    options = LayoutOptions(settings.validation_fraction, settings.split_seed, settings.good)
    dataset = LAYOUTS[layout](root, options)
    chosen: dict[str, Any] = {"white_level": settings.white_level, "region": settings.region}
    if settings.mask_rule is not None:
        chosen["mask_rule"] = settings.mask_rule
    return replace(dataset, samples=tuple(replace(sample, **chosen) for sample in dataset.samples))


def _concatenated(datasets: list[Dataset]) -> Dataset:
    """Join the train splits; all other samples are the first dataset's.

    Train samples of several folders are named <number of the folder>_<sample_id>.
    """
    first = datasets[0]
    if len(datasets) == 1:
        return first
    train = tuple(
        replace(sample, sample_id=f"{number}_{sample.sample_id}")
        for number, dataset in enumerate(datasets)
        for sample in dataset.split("train")
    )
    classes = first.classes
    for other in datasets[1:]:
        if not other.split("train"):
            raise UserError(f"the dataset {other.root} has no train samples to add")
        classes = _agreed_classes(classes, first.root, other)
    rest = tuple(sample for sample in first.samples if sample.split != "train")
    name = " + ".join(dataset.name for dataset in datasets)
    left_out = tuple(entry for dataset in datasets for entry in dataset.left_out)
    return replace(first, name=name, classes=classes, samples=train + rest, left_out=left_out)


def _joined(nominal: Dataset, evaluation: Dataset) -> Dataset:
    samples = nominal.split("train") + tuple(s for s in evaluation.samples if s.split != "train")
    classes = _agreed_classes(nominal.classes, nominal.root, evaluation)
    name, left_out = f"{nominal.name} on {evaluation.name}", nominal.left_out + evaluation.left_out
    return replace(nominal, name=name, classes=classes, samples=samples, left_out=left_out)


def _renumbered(evaluation: Dataset, taken: tuple[DefectClass, ...]) -> Dataset:
    """Give the classes of a folder whose layout has no ids of equally named classes in ``taken``, or free ones."""
    by_name = {c.name: c.id for c in taken}
    free = iter(sorted(set(range(1, IGNORE_ID)) - set(by_name.values())))
    ids = {c.id: by_name[c.name] if c.name in by_name else next(free) for c in evaluation.classes}
    classes = tuple(replace(c, id=ids[c.id]) for c in evaluation.classes)
    samples = tuple(
        sample if sample.binary_id is None else replace(sample, binary_id=ids[sample.binary_id])
        for sample in evaluation.samples
    )
    return replace(evaluation, classes=classes, samples=samples)


def _agreed_classes(classes: tuple[DefectClass, ...], root: Path, other: Dataset) -> tuple[DefectClass, ...]:
    """Return the classes of both, by id, with the other's colours. Raises UserError if an id has two meanings."""
    by_id = {c.id: c for c in other.classes}
    for c in classes:
        same = by_id.setdefault(c.id, c)
        if (same.name, same.kind) != (c.name, c.kind):
            raise UserError(
                f"class id {c.id} is {c.name} ({c.kind}) in {root}, but {same.name} ({same.kind}) in {other.root}"
            )
    return tuple(by_id[i] for i in sorted(by_id))


def _first_plates(dataset: Dataset, count: int) -> Dataset:
    plates = list(dict.fromkeys(sample.plate_id for sample in dataset.split("train")))
    kept = tuple(s for s in dataset.samples if s.split != "train" or s.plate_id in plates[:count])
    return replace(dataset, samples=kept)


def _thinned(dataset: Dataset, count: int) -> Dataset:
    train = dataset.split("train")
    kept = np.unique(np.linspace(0, len(train) - 1, min(count, len(train))).round().astype(int)) if train else []
    others = tuple(s for s in dataset.samples if s.split != "train")
    return replace(dataset, samples=tuple(train[i] for i in kept) + others)
