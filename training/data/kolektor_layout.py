"""Reading of KolektorSDD and KolektorSDD2.

KolektorSDD: kos01/Part0.jpg with kos01/Part0_label.bmp for every image, black where nothing is; an item's folder is a
plate. KolektorSDD2: train/10000.png with train/10000_GT.png, and the same in test/.
"""

from collections.abc import Iterable
from pathlib import Path

from training.data.decoding import decoded, read_content
from training.data.file_identity import list_images
from training.data.folder_classes import LayoutOptions, check_names, defect_classes, drawn
from training.data.sample import IGNORE_ID, Dataset, Sample
from training.support.user_error import UserError

_SUFFIXES = ("_label", "_GT")
_TRAIN_SHARE = 0.5


def open_kolektor(root: Path, options: LayoutOptions) -> Dataset:
    """List a Kolektor folder; images whose mask is black are nominal.

    KolektorSDD has no splits: by items (the folders), half of the items without a defect is drawn for training, and of
    all others the share of ``validation_fraction`` for validation. KolektorSDD2 keeps its own: train without the images
    that show a defect, which go to validation. Raises UserError if a mask is missing.
    """
    listing = list_images(root)
    masks = {path.parent / stem: path for path in listing.files if (stem := _image_stem(path)) is not None}
    images = [path for path in listing.files if _image_stem(path) is None]
    if not images or not masks:
        raise UserError(
            f"no dataset at {root}: a Kolektor folder has masks beside its images, <stem>_label.bmp or <stem>_GT.png"
        )
    lacking = [image for image in images if image.with_suffix("") not in masks]
    if lacking:
        raise UserError(f"image {lacking[0]} has no mask: {lacking[0].stem}_label.* is missing ({len(lacking)} in all)")
    pairs = [(image, masks[image.with_suffix("")]) for image in images]
    defective = {image for image, mask in pairs if decoded(read_content(mask), 0, mask).any()}
    split_of = _official(root, images, defective) or _drawn_by_item(images, defective, options)
    samples = []
    for image, mask in pairs:
        item = image.parent.relative_to(root).as_posix()
        plate = item if split_of.get(image.parent) else ""
        sample_id = "_".join(image.relative_to(root).with_suffix("").parts)
        shown = mask if image in defective else None
        samples.append(
            Sample(sample_id, split_of[image], image, shown, None, plate, "", binary_id=1 if shown else None)
        )
    check_names(root, samples)
    name = root.name or root.resolve().name
    return Dataset(name, root, defect_classes(["defect"]), IGNORE_ID, tuple(samples), listing.left_out)


def _image_stem(path: Path) -> str | None:
    """Return the stem of the image that a mask belongs to, or None for an image."""
    return next((path.stem.removesuffix(suffix) for suffix in _SUFFIXES if path.stem.endswith(suffix)), None)


def _official(root: Path, images: Iterable[Path], defective: set[Path]) -> dict[Path, str] | None:
    """Return KolektorSDD2's splits; defective images of train/ are for validation. None for another folder."""
    if not (root / "train").is_dir() or not (root / "test").is_dir():
        return None
    split_of = {}
    for image in images:
        first = image.relative_to(root).parts[0]
        split_of[image] = "validation" if first == "train" and image in defective else first
    return split_of


def _drawn_by_item(images: Iterable[Path], defective: set[Path], options: LayoutOptions) -> dict[Path, str]:
    """Return the split of every image and of every item; an item's images share it."""
    items = sorted({image.parent for image in images})
    bad = {image.parent for image in defective}
    clean, others = [item for item in items if item not in bad], [item for item in items if item in bad]
    trained = {clean[place] for place in drawn("train", len(clean), _TRAIN_SHARE, options.split_seed)}
    split_of = dict.fromkeys(trained, "train")
    for kind, of_kind in (("good", [item for item in clean if item not in trained]), ("defect", others)):
        validation = drawn(kind, len(of_kind), options.validation_fraction, options.split_seed)
        split_of |= {item: "validation" if place in validation else "test" for place, item in enumerate(of_kind)}
    return split_of | {image: split_of[image.parent] for image in images}
