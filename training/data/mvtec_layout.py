"""Reading of folders in the layout of MVTec AD, and of BTAD, whose nominal folders are named ``ok``.

Images: train/good (or train/ alone), test/good, test/<defect>. Masks: ground_truth/<defect>/<stem>_mask.* or <stem>.*
"""

from pathlib import Path

from training.data.file_identity import LeftOut, is_image
from training.data.folder_classes import (
    LayoutOptions,
    MaskFolder,
    check_names,
    class_folders,
    defect_classes,
    drawn,
    images_below,
    stem_below,
)
from training.data.sample import IGNORE_ID, Dataset, Sample
from training.support.listed_names import listed
from training.support.user_error import UserError

GOOD = "good"
_OTHER_NAMES = ("ok", "normal", "nominal", "OK", "Good")


def open_mvtec(root: Path, validation_fraction: float, split_seed: int, good: str = GOOD) -> Dataset:
    """List an MVTec-layout folder; the validation split is drawn from test/ by seed.

    The draw takes the same fraction of every class folder and depends on the folder's name only, so a class added later
    does not change the split of the others. A folder of two or more images gives at least one image to either split. A
    folder without train/ is for evaluation only: it has no train split. ``good`` names the folders of nominal images.
    Raises UserError if images or masks are missing.
    """
    nominal = _nominal_folder(root, good)
    if not nominal.is_dir() and ((root / "train").is_dir() or not (root / "test").is_dir()):
        raise UserError(
            f"no dataset at {root}: an MVTec-layout folder has train/{good} and test/<class>{_advice(root)}"
        )
    drawn("", 0, validation_fraction, split_seed)  # refuses a wrong fraction
    samples: list[Sample] = []
    left_out: list[LeftOut] = []
    if nominal.is_dir():
        listing = images_below(nominal)
        samples += [_sample("train", good, image, nominal, None, None) for image in listing.files]
        left_out += listing.left_out
        if not samples:
            raise UserError(f"the dataset {root} is empty: no image in train/{good}")
        others = [folder for folder in class_folders(root / "train") if folder != nominal]
        left_out += [LeftOut(folder, f"folders of train/ besides {good}") for folder in others]
    test = root / "test"
    folders = class_folders(test) if test.is_dir() else []
    names = [folder.name for folder in folders if folder.name != good]
    _check_good(root, names, folders)
    for folder in folders:
        class_id = names.index(folder.name) + 1 if folder.name != good else None
        masks = MaskFolder(root / "ground_truth" / folder.name)
        listing = images_below(folder)
        validation = drawn(folder.name, len(listing.files), validation_fraction, split_seed)
        for index, image in enumerate(listing.files):
            mask = None if class_id is None else masks.mask_of(image, folder)
            split = "validation" if index in validation else "test"
            samples.append(_sample(split, folder.name, image, folder, mask, class_id))
        left_out += [*listing.left_out, *masks.left_out, *masks.unused()]
    check_names(root, samples)
    name = root.name or root.resolve().name
    return Dataset(name, root, defect_classes(names), IGNORE_ID, tuple(samples), tuple(left_out))


def open_mvtec_layout(root: Path, options: LayoutOptions) -> Dataset:
    """Open the folder with the options of ``conf/dataset``."""
    return open_mvtec(root, options.validation_fraction, options.split_seed, options.good)


def _nominal_folder(root: Path, good: str) -> Path:
    """Return train/<good>, or train/ itself if its images lie in it without any class folder."""
    train = root / "train"
    direct = train.is_dir() and not class_folders(train) and any(is_image(path) for path in train.iterdir())
    return train if direct else train / good


def _check_good(root: Path, names: list[str], folders: list[Path]) -> None:
    """Raise UserError if a folder of nominal images would be taken for a defect's."""
    if len(names) == len(folders):  # no folder of the name
        for name in names:
            if name in _OTHER_NAMES and not (root / "ground_truth" / name).exists():
                raise UserError(
                    f"{root / 'test' / name} would be a class of defects without masks; if its images are nominal, "
                    f"set dataset.good={name}"
                )


def _advice(root: Path) -> str:
    train = root / "train"
    if not train.is_dir():
        return ""
    present = [folder.name for folder in class_folders(train)]
    for name in present:
        if name in (GOOD, *_OTHER_NAMES):
            return f"; train/ has {name}: set dataset.good={name}"
    return f"; train/ has {listed(present)}: set dataset.good=FOLDER" if present else ""


def _sample(split: str, name: str, image: Path, folder: Path, mask: Path | None, class_id: int | None) -> Sample:
    origin = "train" if split == "train" else "test"
    return Sample(f"{origin}_{name}_{stem_below(image, folder)}", split, image, mask, None, "", "", binary_id=class_id)
