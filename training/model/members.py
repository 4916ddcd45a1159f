"""Members of a coreset: where each came from, and how many train images support it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.support.user_error import UserError

UNKNOWN = -1
"""Image, epoch or support of a member of which it is not recorded."""

FEWEST = 2
"""Members that a coreset has at least."""

Arrays = dict[str, NDArray[Any]]
_DTYPES: Mapping[str, type] = {
    "image": np.int32,
    "epoch": np.int32,
    "place": np.float32,
    "support": np.int32,
    "company": np.uint8,
}


@dataclass(frozen=True)
class MemberImage:
    """A train image that members came from."""

    sample_id: str
    path: str
    augmented: bool = False
    """True if the places are those of an augmented picture, which ``epoch`` and the settings draw again."""

    @property
    def file(self) -> Path:
        """The image file, which may have moved since."""
        return Path(self.path)


@dataclass(frozen=True, eq=False)
class MemberRecord:
    """The origins and the supports of M members, in the order of the features."""

    images: tuple[MemberImage, ...]
    image: NDArray[np.int32]
    """(M,) number in ``images``, or UNKNOWN."""
    epoch: NDArray[np.int32]
    """(M,) epoch, from 0, in which the member entered; UNKNOWN if not recorded."""
    place: NDArray[np.float32]
    """(M, 2) centre of the patch, x and y [pixels]."""
    support: NDArray[np.int32]
    """(M,) number of train images with a patch for which the member is the nearest, or UNKNOWN."""
    company: NDArray[np.uint8]
    """(M,) 1 if a patch of another train image lies within the coreset's smallest distance of the member, else 0."""

    @classmethod
    def unknown(cls, size: int) -> "MemberRecord":
        """Return the record of members of which nothing is known."""
        none = np.full(size, UNKNOWN, dtype=np.int32)
        return cls((), none, none, np.zeros((size, 2), np.float32), none, np.zeros(size, np.uint8))

    def __len__(self) -> int:
        return len(self.image)

    def taken(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "MemberRecord":
        """Return some members, without the images that none of them came from."""
        return MemberRecord(self.images, *(getattr(self, name)[rows] for name in _DTYPES)).compact()

    def compact(self) -> "MemberRecord":
        """Return the same members without unused images."""
        used = np.unique(self.image[self.image >= 0])
        renumbered = np.where(self.image >= 0, np.searchsorted(used, self.image), UNKNOWN).astype(np.int32)
        images = tuple(self.images[number] for number in used)
        return MemberRecord(images, renumbered, self.epoch, self.place, self.support, self.company)

    def image_of(self, member: int) -> MemberImage | None:
        """Return the image that a member came from; None if it is not recorded."""
        number = int(self.image[member])
        return None if number < 0 else self.images[number]

    def arrays(self) -> Arrays:
        """Return the arrays by name, as a model file holds them."""
        return {f"members.{name}": np.ascontiguousarray(getattr(self, name), dtype) for name, dtype in _DTYPES.items()}

    def document(self) -> dict[str, Any]:
        """Return the images and the hash of the arrays, as a model file's header has them."""
        return {"images": [vars(image) for image in self.images], "sha256": _sha256(self.arrays())}


def supported(members: MemberRecord, minimum: int) -> NDArray[np.bool_]:
    """Return which members (M,) to keep: those whose support, and one for company, is at least the minimum.

    A member is in company if a patch of another train image lies within the coreset's smallest distance of it, below
    which the rule takes two patches for the same (paper, section IV). A minimum of 1 keeps all. Raises UserError if
    supports are needed and unknown, and if too few members would be left.
    """
    if minimum <= 1:
        return np.ones(len(members), dtype=np.bool_)
    if (members.support < 0).any():
        raise UserError(
            f"coreset.minimum_support={minimum} needs the members' supports, which this model does not record; "
            "train it again (with coreset.measure_radius=true)"
        )
    kept = members.support + (members.company > 0) >= minimum
    if kept.sum() < FEWEST:
        raise UserError(
            f"coreset.minimum_support={minimum} leaves {kept.sum()} members; choose a smaller one or give more images"
        )
    return np.asarray(kept)


def member_record(document: Mapping[str, Any], arrays: Arrays, size: int) -> MemberRecord:
    """Return the record of ``size`` members from a header's document and the file's arrays.

    Raises ValueError if they do not fit each other.
    """
    record = MemberRecord(
        tuple(MemberImage(**image) for image in document["images"]),
        **{name: arrays[f"members.{name}"] for name in _DTYPES},
    )
    for name, dtype in _DTYPES.items():
        found = getattr(record, name)
        shape = (size, 2) if name == "place" else (size,)
        if found.dtype != dtype or found.shape != shape:
            raise ValueError(f"members.{name} must be {np.dtype(dtype)} {shape}, not {found.dtype} {found.shape}")
    if not np.isfinite(record.place).all() or record.image.max() >= len(record.images) or record.image.min() < UNKNOWN:
        raise ValueError("members name places or images that cannot be")
    if document["sha256"] != _sha256(record.arrays()):
        raise ValueError("the members' origins do not match the recorded hash")
    return record


def _sha256(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].shape} {arrays[name].dtype};".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()
