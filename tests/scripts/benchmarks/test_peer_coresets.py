import numpy as np
import pytest

from scripts.benchmarks.peer_coresets import FarthestFirstCoreset, TopDownCoreset
from tests.training.coreset_oracle import canonical
from training.coreset.sequential import SequentialCoreset
from training.support.user_error import UserError


def literal_top_down(patches, size):
    left = list(range(len(patches)))
    while len(left) > size:
        closest = [min(canonical(patches[i], patches[j]) for j in left if j != i) for i in left]
        left.pop(int(np.argmin(closest)))
    return patches[left]


def literal_farthest_first(patches, size, first):
    chosen = [first]
    while len(chosen) < size:
        nearest = [
            min(canonical(p, patches[c]) for c in chosen) if i not in chosen else -1.0 for i, p in enumerate(patches)
        ]
        chosen.append(int(np.argmax(nearest)))
    return patches[chosen]


def radius(patches, members):
    return max(min(canonical(p, m) for m in members) for p in patches)


KINDS = [
    lambda rng: rng.normal(size=(60, 7)).astype(np.float32),
    lambda rng: rng.integers(0, 3, (60, 3)).astype(np.float32),  # ties and duplicates
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [2, 17, 60])
def test_the_peers_are_their_literal_algorithms(kind, size):
    patches = kind(np.random.default_rng(0))
    top_down, farthest_first = TopDownCoreset(size), FarthestFirstCoreset(size, seed=3)
    for part in np.split(patches, [10, 11, 40]):
        top_down.update(part, 5)
        farthest_first.update(part, 5)
    np.testing.assert_array_equal(top_down.features, literal_top_down(patches, size))
    first = int(np.random.default_rng(3).integers(60))
    members = literal_farthest_first(patches, size, first)
    np.testing.assert_array_equal(farthest_first.features, members)
    apart = min(canonical(a, b) for i, a in enumerate(members) for b in members[:i])
    assert farthest_first.smallest_distance == np.sqrt(apart)


def test_the_converged_sequential_coreset_covers_as_well_as_the_peer():
    """Both radii are within a factor of two of the best, and hence of each other."""
    patches = KINDS[0](np.random.default_rng(1))
    ours, peer = SequentialCoreset(15, 7), FarthestFirstCoreset(15, seed=0)
    peer.update(patches)
    ours.update(patches)
    while len(ours.update(patches)):
        pass
    assert radius(patches, ours.features) <= 4 * radius(patches, peer.features)  # squared
    assert radius(patches, peer.features) <= 4 * radius(patches, ours.features)


def test_too_few_patches_are_told():
    coreset = TopDownCoreset(5)
    with pytest.raises(UserError, match="0 for a coreset of 5"):
        _ = coreset.features
    coreset.update(np.zeros((4, 2), dtype=np.float32))
    with pytest.raises(UserError, match="4 for a coreset of 5"):
        _ = coreset.features
