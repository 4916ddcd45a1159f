"""The fast searches give the answers of the canonical distance, also beyond the resolution of float32."""

import numpy as np
import pytest

from tests.training.coreset_oracle import canonical
from training.coreset.numba_rule import arrays_of
from training.coreset.search import favourite_within, find_within, is_within

SCALES = [0.0, 1e-30, 1e-22, 1e-3, 1.0, 1e4, 1e18, 1e19, 3e19]  # squares underflow, or overflow, in float32


def pairs(scale, offset=0.0, channels=37):
    rng = np.random.default_rng(0)
    return (offset + rng.normal(size=(30, 2, channels)) * scale).astype(np.float32)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_a_limit_on_either_side_of_the_distance_is_told_apart(scale, offset):
    for a, b in pairs(scale, offset):
        distance = canonical(a, b)
        assert is_within(a, b, distance)
        assert not is_within(a, b, np.nextafter(distance, -np.inf))
        assert is_within(a, b, np.nextafter(distance, np.inf))
        for factor in (0.5, 1 - 1e-6, 1 - 1e-9, 1 + 1e-9, 1 + 1e-6, 2):
            assert is_within(a, b, distance * factor) == (distance <= distance * factor)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("channels", [1, 15, 16, 37, 64])
def test_the_search_finds_a_member_just_within_the_limit_and_none_beyond(scale, channels):
    rng = np.random.default_rng(1)
    members = (rng.normal(size=(70, channels)) * scale).astype(np.float32)
    arrays, sums = arrays_of(members), np.empty(64, dtype=np.float32)
    for patch in (rng.normal(size=(10, channels)) * scale).astype(np.float32):
        distances = [canonical(patch, member) for member in members]
        nearest = min(distances)
        found = find_within(arrays.blocks, members, patch, nearest, sums)
        assert distances[found] == nearest
        assert find_within(arrays.blocks, members, patch, np.nextafter(nearest, -np.inf), sums) == -1
        assert distances[find_within(arrays.blocks, members, patch, 2 * nearest, sums)] <= 2 * nearest


def test_a_favourite_is_only_found_within_the_limit():
    rng = np.random.default_rng(2)
    members = rng.normal(size=(70, 19)).astype(np.float32)
    block, favourites = np.full((19, 64), np.inf, dtype=np.float32), np.full(64, -1)
    chosen = [60, 3, 22]
    favourites[[0, 5, 63]], block[:, [0, 5, 63]] = chosen, members[chosen].T
    sums, found = np.empty(64, dtype=np.float32), 0
    for patch in rng.normal(size=(40, 19)).astype(np.float32):
        distances = {member: canonical(patch, members[member]) for member in chosen}
        nearest = min(distances, key=lambda member: distances[member])
        assert favourite_within(block, favourites, members, patch, distances[nearest], sums) == nearest
        assert favourite_within(block, favourites, members, patch, np.nextafter(distances[nearest], 0), sums) == -1
        found += 1
    assert found == 40
