import math

import numpy as np
import pytest

from tests.training.coreset_oracle import canonical, literal_coreset
from training.coreset.backend import BACKENDS, chosen_backend
from training.coreset.collection import Collection
from training.coreset.reservoir import Reservoir
from training.coreset.sequential import SequentialCoreset
from training.data.stainless_layout import open_stainless
from training.features.image_epochs import image_epochs
from training.features.patch_stream import ImagePatches, nominal_strips
from training.support.user_error import UserError


def images(count=5, seed=0):
    rng = np.random.default_rng(seed)
    return [ImagePatches(rng.normal(size=(24, 6)).astype(np.float32), 6, 1) for _ in range(count)]


def streamed(data):
    return lambda _epoch, first: data[first:]


def brute_force_radius(data, members):
    return math.sqrt(max(min(canonical(p, m) for m in members) for image in data for p in image.features))


def test_epochs_are_counted_as_the_literal_algorithm_goes():
    data = images()
    collection = Collection(SequentialCoreset(16, 6))
    collection.run(streamed(data), 3, measure=False)
    patches = np.concatenate([image.features for image in data])
    for number, epoch in enumerate(collection.epochs, start=1):
        _, replacements, smallest = literal_coreset(patches, 16, number)
        assert sum(e.replacements for e in collection.epochs[:number]) == len(replacements)
        assert epoch.smallest_distance == np.sqrt(smallest)
        assert (epoch.patches, epoch.ignored) == (120, 5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_converged_coreset_is_within_a_factor_of_two_of_the_best(backend):
    data = images()
    coreset = SequentialCoreset(16, 6, chosen_backend(backend, "cpu"))
    collection = Collection(coreset)
    certificate = collection.run(streamed(data), 100, measure=True)
    assert certificate.converged
    assert len(collection.epochs) < 100
    assert all(epoch.replacements > 0 for epoch in collection.epochs[:-1])
    members = coreset.features.copy()
    assert certificate.covering_radius == brute_force_radius(data, members)
    apart = min(canonical(a, b) for i, a in enumerate(members) for b in members[:i])
    assert certificate.smallest_distance == math.sqrt(apart)
    assert certificate.covering_radius <= certificate.smallest_distance
    further = Collection(coreset)
    further.run(streamed(data), 1, measure=False)
    assert further.epochs[0].replacements == 0
    np.testing.assert_array_equal(coreset.features, members)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("limit", [1, 2])
def test_a_coreset_stopped_at_the_limit_is_measured_by_another_pass(limit, backend):
    data, passes = images(40), []

    def stream(epoch, first):
        passes.append((epoch, first))
        return data[first:]

    coreset = SequentialCoreset(16, 6, chosen_backend(backend, "cpu"))
    certificate = Collection(coreset).run(stream, limit, measure=True)
    assert not certificate.converged
    assert certificate.covering_radius == brute_force_radius(data, coreset.features)
    assert passes == [(epoch, 0) for epoch in [*range(limit), limit - 1]]
    unmeasured = Collection(SequentialCoreset(16, 6)).run(streamed(data), limit, measure=False)
    assert unmeasured.covering_radius is None
    assert unmeasured.smallest_distance == certificate.smallest_distance


def test_the_radius_of_small_integers_and_duplicates_is_exact():
    rng = np.random.default_rng(4)
    data = [ImagePatches(rng.integers(0, 5, (50, 4)).astype(np.float32), 10, 0) for _ in range(4)]
    coreset = SequentialCoreset(12, 4)
    certificate = Collection(coreset).run(streamed(data), 2, measure=True)
    assert certificate.covering_radius == brute_force_radius(data, coreset.features)


def test_fewer_distinct_patches_than_members_converge_too():
    rows = np.repeat(np.eye(6, dtype=np.float32), 5, axis=0)
    collection = Collection(SequentialCoreset(16, 6))
    certificate = collection.run(streamed([ImagePatches(rows, 6, 0)]), 9, measure=True)
    assert certificate.converged
    assert (certificate.smallest_distance, certificate.covering_radius) == (0, 0)
    assert [epoch.replacements for epoch in collection.epochs] == [2, 0]  # the fifth and the sixth enter
    assert len(np.unique(collection.coreset.features, axis=0)) == 6


def test_too_few_patches_are_told_with_the_numbers():
    with pytest.raises(UserError, match=r"120 for coreset\.size=121"):
        Collection(SequentialCoreset(121, 6)).run(streamed(images()), 2, measure=True)
    with pytest.raises(UserError, match=r"120 for coreset\.size=121"):
        Collection(SequentialCoreset(121, 6), Reservoir(121, 6, 0)).run(streamed(images()), 2, measure=True)
    with pytest.raises(UserError, match="epochs 0"):
        Collection(SequentialCoreset(16, 6)).run(streamed(images()), 0, measure=True)


def test_a_reservoir_fills_in_the_first_epoch_and_the_rule_works_from_the_second():
    data = images()
    reservoir = Reservoir(16, 6, 3)
    for image in data:
        reservoir.offer(image.features)
    collection = Collection(SequentialCoreset(16, 6), Reservoir(16, 6, 3))
    collection.run(streamed(data), 2, measure=True)
    patches = np.concatenate([reservoir.rows, *(image.features for image in data)])
    members, replacements, _ = literal_coreset(patches, 16)
    np.testing.assert_array_equal(collection.coreset.features, members)
    assert [epoch.replacements for epoch in collection.epochs] == [0, len(replacements)]
    only = Collection(SequentialCoreset(16, 6), Reservoir(16, 6, 3))
    certificate = only.run(streamed(data), 1, measure=True)
    np.testing.assert_array_equal(only.coreset.features, reservoir.rows)
    assert not certificate.converged
    assert certificate.covering_radius == brute_force_radius(data, reservoir.rows)


@pytest.mark.parametrize("filling", ["first", "reservoir"])
def test_a_state_restored_after_any_image_continues_to_the_same_bits(filling):
    data = images(4)

    def fresh():
        return Collection(SequentialCoreset(30, 6), Reservoir(30, 6, 3) if filling == "reservoir" else None)

    class StoppedError(Exception):
        pass

    def stopped_after(count):
        left = iter(range(count))

        def stream(_epoch, first):
            for image in data[first:]:
                if next(left, None) is None:
                    raise StoppedError
                yield image

        return stream

    whole = fresh()
    certificate = whole.run(streamed(data), 2, measure=True)
    assert not certificate.converged
    for count in range(12):  # two epochs and the measuring pass
        first = fresh()
        with pytest.raises(StoppedError):
            first.run(stopped_after(count), 2, measure=True)
        second = fresh()
        second.restore(*first.state())
        assert second.run(streamed(data), 2, measure=True) == certificate
        assert second.epochs == whole.epochs
        np.testing.assert_array_equal(second.coreset.features, whole.coreset.features)
        assert second.coreset.patches_seen == whole.coreset.patches_seen


def test_the_shuffled_order_follows_seed_and_epoch(stainless_folder, tiny_extractor):
    samples = open_stainless(stainless_folder).split("train")
    given = [next(nominal_strips(s, tiny_extractor, ())).features for s in samples]

    def order(seed, epoch, first=0):
        stream = image_epochs(samples, tiny_extractor, (), seed)(epoch, first)
        return [next(i for i, f in enumerate(given) if np.array_equal(f, image.features)) for image in stream]

    assert order(None, 0) == order(None, 1) == [0, 1, 2, 3, 4, 5]
    assert order(3, 0) == order(3, 0)
    assert order(3, 0, first=2) == order(3, 0)[2:]
    assert sorted(order(3, 0)) == [0, 1, 2, 3, 4, 5]
    assert len({tuple(order(3, epoch)) for epoch in range(4)}) > 1
    assert order(3, 0) != order(4, 0)
