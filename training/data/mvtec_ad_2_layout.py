"""Reading of folders in the layout of MVTec AD 2.

Images: train/good, validation/good, test_public/good, test_public/bad.
Masks: test_public/ground_truth/bad/<stem>_mask.*
The private test images have no ground truth; they are left out, and prediction reads them.
"""

from pathlib import Path

from training.data.file_identity import LeftOut
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
from training.support.user_error import UserError

TRUTH, PUBLIC = "ground_truth", "test_public"


def open_mvtec_ad_2(root: Path, options: LayoutOptions) -> Dataset:
    """List an MVTec AD 2 folder; the name of a public test image begins with the object's conditions.

    The validation split is validation/good, and of every class of test_public the share of ``validation_fraction``: the
    threshold needs defects. A fraction of 0 keeps the official splits. Raises UserError if images or masks are missing.
    """
    good, public = options.good, root / PUBLIC
    if not (root / "train" / good).is_dir() or not public.is_dir():
        raise UserError(f"no dataset at {root}: an MVTec AD 2 folder has train/{good} and {PUBLIC}/<class>")
    folders = [folder for folder in class_folders(public) if folder.name != TRUTH]
    names = [folder.name for folder in folders if folder.name != good]
    samples: list[Sample] = []
    left_out: list[LeftOut] = []
    for split in ("train", "validation"):
        folder = root / split / good
        if folder.is_dir():
            listing = images_below(folder)
            samples += [_sample(split, split, good, image, folder, None, None) for image in listing.files]
            left_out += listing.left_out
    for folder in folders:
        class_id = names.index(folder.name) + 1 if folder.name != good else None
        masks, listing = MaskFolder(public / TRUTH / folder.name), images_below(folder)
        chosen = drawn(folder.name, len(listing.files), options.validation_fraction, options.split_seed)
        for index, image in enumerate(listing.files):
            mask = None if class_id is None else masks.mask_of(image, folder)
            split = "validation" if index in chosen else "test"
            samples.append(_sample(split, "test", folder.name, image, folder, mask, class_id))
        left_out += [*listing.left_out, *masks.left_out, *masks.unused()]
    for folder in sorted(root.glob("test_private*")):
        left_out += [LeftOut(image, "images without public ground truth") for image in images_below(folder).files]
    check_names(root, samples)
    name = root.name or root.resolve().name
    return Dataset(name, root, defect_classes(names), IGNORE_ID, tuple(samples), tuple(left_out))


def _sample(
    split: str, origin: str, name: str, image: Path, folder: Path, mask: Path | None, class_id: int | None
) -> Sample:
    return Sample(f"{origin}_{name}_{stem_below(image, folder)}", split, image, mask, None, "", "", binary_id=class_id)
