"""Datasets: opening them (``conf/dataset``) and reading their images; everything that other rooms need comes from
here.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from training.image_file import read_image, read_instances, read_mask
from training.mvtec_layout import open_mvtec
from training.sample import IGNORE_ID, SPLITS, Dataset, DefectClass, Sample
from training.stainless_layout import open_stainless
from training.user_error import UserError

__all__ = [
    "IGNORE_ID",
    "SPLITS",
    "Dataset",
    "DefectClass",
    "Sample",
    "open_dataset",
    "read_image",
    "read_instances",
    "read_mask",
]


def open_dataset(cfg: DictConfig) -> Dataset:
    """Open the dataset that ``conf/dataset`` describes.

    The train split comes from ``root``; validation and test come from ``evaluation_root``, which may be another
    dataset (train on synthetic plates, find the threshold on real ones). ``max_images`` thins the train split evenly.
    Raises UserError.
    """
    nominal = _open_folder(Path(cfg.root), cfg.layout, cfg)
    if Path(cfg.evaluation_root) != Path(cfg.root):
        nominal = _joined(nominal, _open_folder(Path(cfg.evaluation_root), cfg.evaluation_layout, cfg))
    return nominal if cfg.max_images is None else _thinned(nominal, cfg.max_images)


def _open_folder(root: Path, layout: str, cfg: DictConfig) -> Dataset:
    if not root.is_dir():
        raise UserError(f"no dataset at {root}: there is no such folder")
    if layout == "stainless":
        return open_stainless(root)
    if layout == "mvtec":
        return open_mvtec(root, cfg.validation_fraction, cfg.split_seed)
    raise UserError(f"dataset.layout {layout!r} is none of stainless, mvtec")


def _joined(nominal: Dataset, evaluation: Dataset) -> Dataset:
    by_id = {c.id: c for c in evaluation.classes}
    for c in nominal.classes:
        other = by_id.setdefault(c.id, c)
        if (other.name, other.kind) != (c.name, c.kind):
            raise UserError(
                f"class id {c.id} is {c.name} ({c.kind}) in {nominal.root}, "
                f"but {other.name} ({other.kind}) in {evaluation.root}"
            )
    samples = nominal.split("train") + tuple(s for s in evaluation.samples if s.split != "train")
    classes = tuple(by_id[i] for i in sorted(by_id))
    return replace(nominal, name=f"{nominal.name} on {evaluation.name}", classes=classes, samples=samples)


def _thinned(dataset: Dataset, count: int) -> Dataset:
    if count < 1:
        raise UserError(f"dataset.max_images {count} must be at least 1, or null for all")
    train = dataset.split("train")
    kept = np.unique(np.linspace(0, len(train) - 1, min(count, len(train))).round().astype(int)) if train else []
    others = tuple(s for s in dataset.samples if s.split != "train")
    return replace(dataset, samples=tuple(train[i] for i in kept) + others)
