"""Reading of rendered triplets: a dataset folder whose table names a clean rendering beside each altered one."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.anomaly_synthesis.image_pool import ImagePool
from training.anomaly_synthesis.rendered_source import RenderedSource
from training.data.dataset import Sample
from training.data.image_file import read_image
from training.data.mask_file import read_mask
from training.data.stainless_layout import open_stainless
from training.support.user_error import UserError

COLUMN = "clean"


def open_triplets(roots: tuple[Path, ...]) -> tuple[RenderedSource, tuple[Path, ...]]:
    """Return the source of all triplets in dataset folders, and the files of the altered and the clean renderings.

    Raises UserError for a folder without triplets, and for folders whose classes differ.
    """
    samples: list[Sample] = []
    clean: list[Path] = []
    kinds: dict[str, tuple[int, ...]] = {}
    for root in roots:
        dataset = open_stainless(root)
        own = {k: tuple(c.id for c in dataset.classes if c.kind == k) for k in ("defect", "impurity")}
        if kinds and own != kinds:
            raise UserError(f"synthesis.sources.rendered: {root} has other classes than {roots[0]}")
        kinds = own
        names = _clean_names(root)
        for sample in dataset.samples:
            if sample.mask is not None and read_mask(sample, read_image(sample.image).shape).any():
                samples.append(sample)
                clean.append(_clean_file(root, sample, names))
    if not samples:
        raise UserError(f"synthesis.sources.rendered={roots[0]}: no triplet shows an impurity or a defect")
    by_image = {sample.image: sample for sample in samples}

    def read(path: Path) -> NDArray[np.uint8]:
        return read_mask(by_image[path], read_image(path).shape)

    altered = [sample.image for sample in samples]
    source = RenderedSource(
        ImagePool(clean, read_image),
        ImagePool(altered, read_image),
        ImagePool(altered, read),
        kinds["defect"],
        kinds["impurity"],
    )
    return source, (*altered, *clean)


def _clean_names(root: Path) -> dict[str, str]:
    table = pd.read_csv(root / "samples.csv", dtype=str, keep_default_na=False)
    if COLUMN not in table.columns:
        raise UserError(
            f"{root / 'samples.csv'} has no column {COLUMN}: these are no triplets; render some with render=triplets"
        )
    return dict(zip(table["sample_id"], table[COLUMN], strict=True))


def _clean_file(root: Path, sample: Sample, names: dict[str, str]) -> Path:
    path = root / names[sample.sample_id]
    if not names[sample.sample_id] or not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
        raise UserError(f"{root / 'samples.csv'}: sample {sample.sample_id} names no clean rendering in this folder")
    if read_image(path).shape != read_image(sample.image).shape:
        raise UserError(f"{path} and {sample.image} differ in size; render the triplets again")
    return path
