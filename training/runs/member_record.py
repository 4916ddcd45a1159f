"""Origins and supports of the members that a run leaves, carried over from its sources."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.coreset.collection import Collection
from training.coreset.nearest_member import NearestMembers
from training.coreset.origins import Origins
from training.data.dataset import Sample
from training.model.members import UNKNOWN, MemberImage, MemberRecord

Features = NDArray[np.float32]


def begin_with(collection: Collection, features: Features, members: MemberRecord, images: int) -> None:
    """Put a source's members into an empty collection; their images are numbered from ``images`` on."""
    numbers = np.where(members.image >= 0, members.image + images, UNKNOWN)
    origins = Origins(np.stack([numbers, members.epoch], axis=1).astype(np.int32), members.place)
    collection.begin_with(features, origins)


def collected_members(
    collection: Collection, samples: Sequence[Sample], augmented: bool, source: tuple[Features, MemberRecord] | None
) -> MemberRecord:
    """Return the record of the members of a finished collection from train ``samples``.

    Each source member's support is added to that of the nearest member. Supports are unknown if they were not counted.
    """
    images = [MemberImage(sample.sample_id, str(sample.image.resolve()), augmented) for sample in samples]
    numbers, support = collection.origins.numbers, collection.support
    counted = collection.counts_support
    members = MemberRecord(
        images=(*images, *(source[1].images if source else ())),
        image=numbers[:, 0],
        epoch=numbers[:, 1],
        place=collection.origins.places,
        support=support.supports if counted else np.full(len(numbers), UNKNOWN, dtype=np.int32),
        company=support.company.astype(np.uint8),
    )
    if source is not None and counted:
        members = _carried(collection.coreset.features, members, [source])
    return members.compact()


def melded_members(features: Features, sources: Sequence[tuple[Features, MemberRecord]]) -> MemberRecord:
    """Return the record of a meld's members (M, C): each is a member of a source, and each source's supports are added.

    A source member's support goes to the nearest member of the meld. So an image may count for a member twice.
    """
    search = NearestMembers(features)
    images: list[MemberImage] = []
    numbers = np.full((len(features), 2), UNKNOWN, dtype=np.int32)
    places = np.zeros((len(features), 2), dtype=np.float32)
    found = np.zeros(len(features), dtype=np.bool_)
    for rows, record in sources:
        nearest = search.of(rows)
        own = np.flatnonzero((nearest.squared == 0) & ~found[nearest.members])
        slots = nearest.members[own]
        numbers[slots, 0] = np.where(record.image[own] >= 0, record.image[own] + len(images), UNKNOWN)
        numbers[slots, 1], places[slots], found[slots] = record.epoch[own], record.place[own], True
        images += record.images
    none = np.zeros(len(features), dtype=np.int32)
    members = MemberRecord(tuple(images), numbers[:, 0], numbers[:, 1], places, none, none.astype(np.uint8))
    return _carried(features, members, sources).compact()


def _carried(
    features: Features, members: MemberRecord, sources: Sequence[tuple[Features, MemberRecord]]
) -> MemberRecord:
    """Add the supports of sources to those of the nearest members; unknown ones make a kept member's unknown."""
    search = NearestMembers(features)
    support, company = members.support.astype(np.int64), members.company.copy()
    unknown = np.zeros(len(features), dtype=np.bool_)
    for rows, record in sources:
        nearest = search.of(rows)
        np.add.at(support, nearest.members, record.support.clip(0))
        same = nearest.squared == 0
        np.maximum.at(company, nearest.members[same], record.company[same])
        unknown[nearest.members[same & (record.support < 0)]] = True
    support[unknown] = UNKNOWN
    return MemberRecord(members.images, members.image, members.epoch, members.place, support.astype(np.int32), company)
