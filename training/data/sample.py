"""A dataset after reading, independent of its layout on disk."""

from dataclasses import dataclass
from pathlib import Path

from training.data.file_identity import LeftOut
from training.data.instance_sizes import InstanceSize
from training.data.region_of_interest import RegionOfInterest

SPLITS = ("train", "validation", "test")
IGNORE_ID = 255


@dataclass(frozen=True)
class DefectClass:
    """A class of mask pixels; kind is background, defect (positive in every metric) or impurity (negative)."""

    id: int
    name: str
    kind: str
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class Sample:
    """One image with its annotation; mask is None if every pixel is background."""

    sample_id: str
    split: str
    image: Path
    mask: Path | None
    instances: Path | None
    plate_id: str
    light: str
    known_ids: tuple[int, ...] | None = None
    """Class ids that the mask may hold besides the ignore id; None accepts any."""
    binary_id: int | None = None
    """The class id of the white pixels of a black and white mask; None for a mask of class ids."""
    mask_rule: str = "two_values"
    """Rule for the white pixels of a black and white mask: one of ``mask_file.MASK_RULES``."""
    white_level: int | None = None
    """The value of white in a 16-bit image; None for 65535."""
    region: RegionOfInterest | None = None
    """The region of interest; None: the whole image counts."""
    visibility: tuple[tuple[int, float], ...] = ()
    """Visibility of its instances by id, for those whose visibility was measured."""
    sizes: tuple[InstanceSize, ...] = ()
    """Physical sizes of its instances, as far as they are known."""


@dataclass(frozen=True)
class Dataset:
    """The samples of all splits, in the order of their table."""

    name: str
    root: Path
    classes: tuple[DefectClass, ...]
    ignore_id: int
    samples: tuple[Sample, ...]
    left_out: tuple[LeftOut, ...] = ()
    """Files of the folder that are no part of the dataset."""
    warnings: tuple[str, ...] = ()
    """Notes for the user on the choice of the samples."""

    def split(self, name: str) -> tuple[Sample, ...]:
        """Return the samples of one split, in order."""
        return tuple(sample for sample in self.samples if sample.split == name)

    @property
    def region(self) -> RegionOfInterest | None:
        """The region of interest of the samples; None: the whole image."""
        return self.samples[0].region if self.samples else None

    @property
    def defect_ids(self) -> tuple[int, ...]:
        """The ids of the classes whose pixels are positives."""
        return tuple(c.id for c in self.classes if c.kind == "defect")
