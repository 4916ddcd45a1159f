"""Suspects among the train images of a dataset, without a training: one epoch and one counting pass."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.coreset.collection import Collection
from training.coreset.sequential import SequentialCoreset
from training.data.dataset import Sample
from training.features.extractor import FeatureExtractor
from training.features.image_epochs import image_epochs
from training.model.anomaly_model import channels_of
from training.model.members import MemberRecord
from training.runs.member_record import collected_members
from training.runs.suspects import Suspect, ranked_suspects


class Counted(NamedTuple):
    """A finished collection of one epoch, the record of its members, and the samples."""

    collection: Collection
    members: MemberRecord
    samples: tuple[Sample, ...]

    @property
    def features(self) -> NDArray[np.float32]:
        """The members (M, C)."""
        return self.collection.coreset.features

    def suspects(self) -> list[Suspect]:
        """Return all samples, the most suspect first."""
        numbers = self.collection.origins.numbers[:, 0]
        return ranked_suspects(self.samples, self.members, numbers, self.collection.support.scores)


def counted(
    samples: tuple[Sample, ...], extractor: FeatureExtractor, defect_ids: tuple[int, ...], size: int
) -> Counted:
    """Collect a coreset of ``size`` members in one epoch over samples and count the members' supports.

    Raises UserError for an image that cannot be used, and for too few patches.
    """
    coreset = SequentialCoreset(size, channels_of(extractor))
    collection = Collection(coreset, images=len(samples), counts_support=True)
    collection.run(image_epochs(samples, extractor, defect_ids, None), 1, measure=True)
    return Counted(collection, collected_members(collection, samples, False, None), samples)
