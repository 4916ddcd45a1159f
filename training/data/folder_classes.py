"""Common parts of the layouts in which a folder's name is the class of its images."""

import colorsys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.file_identity import LeftOut, Listing, is_hidden, list_images
from training.data.sample import DefectClass, Sample
from training.support.user_error import UserError

BACKGROUND = DefectClass(0, "background", "background", (0, 0, 0))


@dataclass(frozen=True)
class LayoutOptions:
    """Choices that a layout leaves to the user (``conf/dataset``)."""

    validation_fraction: float
    """Share of the test images that becomes the validation split where the layout has none."""
    split_seed: int
    good: str = "good"
    """Name of the folders of nominal images."""


def class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders that count, sorted by name."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not is_hidden(path.name))


def images_below(folder: Path) -> Listing:
    """List the images of a folder, through all levels. Raises UserError if two have one name but for the suffix."""
    listing = list_images(folder)
    seen: dict[Path, Path] = {}
    for path in listing.files:
        other = seen.setdefault(path.relative_to(folder).with_suffix(""), path)
        if other != path:
            raise UserError(
                f"{folder}: two images are named {path.stem}: {other.name} and {path.name}; keep one of them, or rename"
            )
    return listing


def stem_below(image: Path, folder: Path) -> str:
    """Return an image's path below a folder without suffix, its folders joined by "_"."""
    return "_".join(image.relative_to(folder).with_suffix("").parts)


class MaskFolder:
    """The masks of one class: ``<stem>_mask.*`` or ``<stem>.*``, in folders like those of the images."""

    def __init__(self, folder: Path) -> None:
        """List the folder, if there is one. Raises UserError for a link that leads out of it."""
        self.folder = folder
        listing = list_images(folder) if folder.is_dir() else Listing((), ())
        self.left_out = listing.left_out
        self._by_name: dict[str, list[Path]] = {}
        for path in listing.files:
            self._by_name.setdefault(_key(path.relative_to(folder).with_suffix("")), []).append(path)
        self._used: set[Path] = set()

    def mask_of(self, image: Path, image_folder: Path) -> Path:
        """Return the mask of an image. Raises UserError if there is none, and if there are two."""
        place = image.relative_to(image_folder).with_suffix("")
        found = [
            path
            for name in (place.with_name(f"{place.name}_mask"), place)
            for path in self._by_name.get(_key(name), [])
        ]
        if not found:
            raise UserError(
                f"image {image} has no mask: {self.folder / place.parent / f'{place.name}_mask.png'} is missing, and "
                f"so is {place.name}.*"
            )
        if len(found) > 1:
            raise UserError(f"image {image} has two masks, {found[0]} and {found[1]}; keep one of them")
        self._used.add(found[0])
        return found[0]

    def unused(self) -> tuple[LeftOut, ...]:
        """Return the masks that no image has asked for."""
        paths = sorted(path for paths in self._by_name.values() for path in paths if path not in self._used)
        return tuple(LeftOut(path, "masks without an image") for path in paths)


def _key(place: Path) -> str:
    return place.as_posix().casefold()


def drawn(folder: str, count: int, fraction: float, seed: int) -> set[int]:
    """Return the places of about this fraction of ``count`` images, by a seed and the folder's name.

    From two images or more, at least one and not all are drawn.
    """
    if not 0 <= fraction < 1:
        raise UserError(f"dataset.validation_fraction {fraction} must be at least 0 and below 1")
    wanted = round(fraction * count)
    if fraction > 0 and count >= 2:
        wanted = min(max(wanted, 1), count - 1)
    rng = np.random.default_rng([seed, *folder.encode()])
    return set(rng.permutation(count)[:wanted].tolist())


def defect_classes(names: Sequence[str]) -> tuple[DefectClass, ...]:
    """Return the background and a defect class for every name, with ids from 1 and colours of their own."""
    return (BACKGROUND, *(_defect_class(number, name) for number, name in enumerate(names, start=1)))


def check_names(root: Path, samples: Iterable[Sample]) -> None:
    """Raise UserError if two samples have one id."""
    seen = set()
    for sample in samples:
        if sample.sample_id in seen:
            raise UserError(f"{root}: two images would both be named {sample.sample_id}; rename one of their folders")
        seen.add(sample.sample_id)


def _defect_class(class_id: int, name: str) -> DefectClass:
    golden_angle = 0.381966  # spreads any number of hues
    red, green, blue = colorsys.hsv_to_rgb(golden_angle * class_id % 1, 0.85, 0.95)
    return DefectClass(class_id, name, "defect", (round(255 * red), round(255 * green), round(255 * blue)))
