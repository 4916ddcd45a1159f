"""Supports, company and leave-one-out scores against counts by brute force; origins; resumption."""

import numpy as np
import pytest

from tests.training.coreset_oracle import canonical
from training.coreset.backend import BACKENDS, chosen_backend
from training.coreset.checkpoint import Checkpoint
from training.coreset.collection import Collection
from training.coreset.reservoir import Reservoir
from training.coreset.sequential import SequentialCoreset
from training.coreset.support import SupportCount
from training.features.patch_stream import ImagePatches
from training.support.user_error import UserError

SIZE = 16


def images(count=6, patches=24, seed=0):
    """Images of distinct patches, each in two strips; the places name image and patch."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        features = rng.normal(size=(patches, 6)).astype(np.float32)
        places = np.stack([np.arange(patches), np.full(patches, number)], axis=1).astype(np.float32)
        for first, last in ((0, False), (patches // 2, True)):
            rows = slice(first, first + patches // 2)
            found.append(ImagePatches(features[rows], 6, 0, last, number, places[rows]))
    return found


def streamed(data):
    return lambda _epoch, first: data[2 * first :]


def collection(backend="numba", reservoir=None):
    coreset = SequentialCoreset(SIZE, 6, chosen_backend(backend, "cpu"))
    return Collection(coreset, reservoir, images=6, counts_support=True)


def counted(data, members, numbers, smallest):
    """Supports, company and scores by comparing every patch with every member."""
    support, company, scores = np.zeros(SIZE, int), np.zeros(SIZE, bool), np.zeros(6)
    for number in range(6):
        features = np.concatenate([strip.features for strip in data if strip.image == number])
        squared = np.array([[canonical(p, m) for m in members] for p in features])
        support[np.unique(squared.argmin(axis=1))] += 1
        company |= (squared.min(axis=0) <= smallest) & (numbers != number)
        others = np.sqrt(squared[:, numbers != number].min(axis=1))
        scores[number] = np.sort(others)[-round(SupportCount.LARGEST * len(others)) :].mean()
    return support, company, scores


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("limit", [1, 50])  # measured by another pass, and within the last epoch
def test_support_company_and_scores_are_those_of_all_comparisons(backend, limit):
    data = images()
    found = collection(backend)
    certificate = found.run(streamed(data), limit, measure=True)
    plain = Collection(SequentialCoreset(SIZE, 6))
    assert plain.run(streamed(data), limit, measure=True) == certificate  # counting changes nothing
    np.testing.assert_array_equal(plain.coreset.features, found.coreset.features)
    numbers = found.origins.numbers[:, 0]
    expected = counted(data, found.coreset.features, numbers, found.coreset.smallest_squared)
    np.testing.assert_array_equal(found.support.supports, expected[0])
    np.testing.assert_array_equal(found.support.company, expected[1])
    np.testing.assert_allclose(found.support.scores, expected[2], rtol=1e-6)


@pytest.mark.parametrize("filling", ["first", "reservoir"])
def test_origins_name_the_patch_that_a_member_is(filling):
    data = images()
    found = collection(reservoir=Reservoir(SIZE, 6, 3) if filling == "reservoir" else None)
    found.run(streamed(data), 3, measure=True)
    for member, (number, epoch), (patch, image) in zip(
        found.coreset.features, found.origins.numbers, found.origins.places, strict=True
    ):
        assert image == number
        assert 0 <= epoch < 3
        features = np.concatenate([strip.features for strip in data if strip.image == number])
        np.testing.assert_array_equal(member, features[int(patch)])


class Interrupted:
    """A stream that fails at a strip, counted over all passes."""

    def __init__(self, data, stop):
        self.data, self.left = data, stop

    def __call__(self, _epoch, first):
        for strip in self.data[2 * first :]:
            if self.left == 0:
                raise UserError("broken image")
            self.left -= 1
            yield strip


@pytest.mark.parametrize("stop", [4, 12, 16, 22])  # within the epoch, at its end, and within the measuring pass
@pytest.mark.parametrize("filling", ["first", "reservoir"])
def test_an_interrupted_count_continues_to_the_bit(tmp_path, stop, filling):
    def fresh():
        return collection(reservoir=Reservoir(SIZE, 6, 3) if filling == "reservoir" else None)

    data, whole = images(), fresh()
    expected = whole.run(streamed(data), 1, measure=True)
    broken = fresh()
    with pytest.raises(UserError, match="broken image"):
        broken.run(Interrupted(data, stop), 1, True, Checkpoint(tmp_path / "c", {}, 0))
    continued = fresh()
    continued.restore(*Checkpoint(tmp_path / "c", {}, 0).load())
    assert continued.run(streamed(data), 1, measure=True) == expected
    for name in ("supports", "company", "scores"):
        np.testing.assert_array_equal(getattr(continued.support, name), getattr(whole.support, name))
    np.testing.assert_array_equal(continued.origins.numbers, whole.origins.numbers)
    np.testing.assert_array_equal(continued.origins.places, whole.origins.places)
