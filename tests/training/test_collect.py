import numpy as np
import pytest

from tests.training.coreset_oracle import literal_coreset
from training.collect import collect, converged, image_epochs
from training.coreset import SequentialCoreset
from training.patch_stream import ImagePatches, nominal_patches
from training.stainless_layout import open_stainless
from training.user_error import UserError


def images(count=5, seed=0):
    rng = np.random.default_rng(seed)
    return [ImagePatches(rng.normal(size=(24, 6)).astype(np.float32), 6, 1) for _ in range(count)]


def test_epochs_are_counted_as_the_literal_algorithm_goes():
    data = images()
    coreset = SequentialCoreset(16, 6)
    epochs = collect(coreset, 3, lambda _epoch: data)
    patches = np.concatenate([image.features for image in data])
    for number, epoch in enumerate(epochs, start=1):
        _, replacements, smallest = literal_coreset(patches, 16, number)
        assert sum(e.replacements for e in epochs[:number]) == len(replacements)
        assert epoch.smallest_distance == np.sqrt(smallest)
        assert (epoch.patches, epoch.ignored) == (120, 5)


def test_an_epoch_without_replacement_ends_the_training():
    coreset = SequentialCoreset(16, 6)
    epochs = collect(coreset, 100, lambda _epoch: images())
    assert len(epochs) < 100
    assert converged(epochs)
    assert all(epoch.replacements > 0 for epoch in epochs[:-1])
    members = coreset.features.copy()
    (further,) = collect(coreset, 1, lambda _epoch: images())
    assert further.replacements == 0
    np.testing.assert_array_equal(coreset.features, members)


def test_the_limit_of_epochs_is_told_from_convergence():
    epochs = collect(SequentialCoreset(16, 6), 1, lambda _epoch: images(40))
    assert not converged(epochs)


def test_fewer_distinct_patches_than_members_converge_too():
    same = np.ones((30, 6), dtype=np.float32)
    epochs = collect(SequentialCoreset(16, 6), 5, lambda _epoch: [ImagePatches(same, 6, 0)])
    assert converged(epochs)
    assert len(epochs) == 2
    assert epochs[-1].smallest_distance == 0


def test_too_few_patches_are_told_with_the_numbers():
    with pytest.raises(UserError, match=r"120 for coreset\.size=121"):
        collect(SequentialCoreset(121, 6), 2, lambda _epoch: images())
    with pytest.raises(UserError, match="epochs 0"):
        collect(SequentialCoreset(16, 6), 0, lambda _epoch: images())


def test_the_shuffled_order_follows_seed_and_epoch(stainless_folder, tiny_extractor):
    samples = open_stainless(stainless_folder).split("train")
    given = [nominal_patches(s, tiny_extractor, ()).features for s in samples]

    def order(seed, epoch):
        stream = image_epochs(samples, tiny_extractor, (), seed)(epoch)
        return [next(i for i, f in enumerate(given) if np.array_equal(f, image.features)) for image in stream]

    assert order(None, 0) == order(None, 1) == [0, 1, 2, 3, 4, 5]
    assert order(3, 0) == order(3, 0)
    assert sorted(order(3, 0)) == [0, 1, 2, 3, 4, 5]
    assert len({tuple(order(3, epoch)) for epoch in range(4)}) > 1
    assert order(3, 0) != order(4, 0)
