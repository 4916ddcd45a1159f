"""Reading of folders in the layout of MVTec AD.

Images: train/good, test/good, test/<defect>. Masks: ground_truth/<defect>/<stem>_mask.png.
"""

import colorsys
from pathlib import Path

import numpy as np

from training.data.image_file import IMAGE_SUFFIXES
from training.data.sample import IGNORE_ID, Dataset, DefectClass, Sample
from training.support.user_error import UserError

GOOD = "good"


def open_mvtec(root: Path, validation_fraction: float, split_seed: int) -> Dataset:
    """List an MVTec-layout folder; the validation split is drawn from test/ by seed.

    The draw takes the same fraction of every class folder and depends on the folder's name only, so a class added later
    does not change the split of the others. A folder of two or more images gives at least one image to either split. A
    folder without train/ is for evaluation only: it has no train split. Raises UserError if images or masks are
    missing.
    """
    if not (root / "train" / GOOD).is_dir() and ((root / "train").is_dir() or not (root / "test").is_dir()):
        raise UserError(f"no dataset at {root}: an MVTec-layout folder has train/good and test/<class>")
    if not 0 <= validation_fraction < 1:
        raise UserError(f"dataset.validation_fraction {validation_fraction} must be at least 0 and below 1")
    good = root / "train" / GOOD
    samples = [_sample("train", GOOD, image, None, None) for image in (_images(good) if good.is_dir() else [])]
    if good.is_dir() and not samples:
        raise UserError(f"the dataset {root} is empty: no image in train/good")
    test = root / "test"
    folders = sorted(path for path in test.iterdir() if path.is_dir()) if test.is_dir() else []
    names = [folder.name for folder in folders if folder.name != GOOD]
    for folder in folders:
        class_id = names.index(folder.name) + 1 if folder.name != GOOD else None
        images = _images(folder)
        validation = _drawn(folder.name, len(images), validation_fraction, split_seed)
        for index, image in enumerate(images):
            mask = None if class_id is None else _mask_of(root, folder.name, image)
            samples.append(_sample("validation" if index in validation else "test", folder.name, image, mask, class_id))
    sample_ids = [sample.sample_id for sample in samples]
    if len(set(sample_ids)) < len(sample_ids):
        repeated = next(name for name in sample_ids if sample_ids.count(name) > 1)
        raise UserError(f"{root}: two images would both be named {repeated}; rename one of their folders")
    classes = (
        DefectClass(0, "background", "background", (0, 0, 0)),
        *map(_defect_class, range(1, len(names) + 1), names),
    )
    return Dataset(root.name or root.resolve().name, root, classes, IGNORE_ID, tuple(samples))


def _images(folder: Path) -> list[Path]:
    images = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    stems = [path.stem for path in images]
    if len(set(stems)) != len(stems):
        repeated = next(stem for stem in stems if stems.count(stem) > 1)
        raise UserError(f"{folder}: two images are named {repeated}")
    return images


def _sample(split: str, folder: str, image: Path, mask: Path | None, class_id: int | None) -> Sample:
    origin = "train" if split == "train" else "test"
    return Sample(f"{origin}_{folder}_{image.stem}", split, image, mask, None, "", "", binary_id=class_id)


def _mask_of(root: Path, defect: str, image: Path) -> Path:
    mask = root / "ground_truth" / defect / f"{image.stem}_mask.png"
    if not mask.is_file():
        raise UserError(f"image {image} has no mask: {mask} is missing")
    return mask


def _drawn(folder: str, count: int, fraction: float, seed: int) -> set[int]:
    wanted = round(fraction * count)
    if fraction > 0 and count >= 2:
        wanted = min(max(wanted, 1), count - 1)
    rng = np.random.default_rng([seed, *folder.encode()])
    return set(rng.permutation(count)[:wanted].tolist())


def _defect_class(class_id: int, name: str) -> DefectClass:
    golden_angle = 0.381966  # spreads any number of hues
    red, green, blue = colorsys.hsv_to_rgb(golden_angle * class_id % 1, 0.85, 0.95)
    return DefectClass(class_id, name, "defect", (round(255 * red), round(255 * green), round(255 * blue)))
