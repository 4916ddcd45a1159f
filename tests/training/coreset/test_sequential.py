import math
import re

import numba
import numpy as np
import pytest
import torch

from tests.training.coreset_oracle import canonical, literal_coreset
from training.coreset.backend import BACKENDS, chosen_backend
from training.coreset.distance import grow, squared_distance
from training.coreset.sequential import SequentialCoreset
from training.support.user_error import UserError


def random(rng):
    return rng.normal(size=(400, 19)).astype(np.float32)


def clustered(rng):
    centres = rng.normal(size=(6, 19)) * 5
    return (centres[rng.integers(0, 6, 400)] + rng.normal(size=(400, 19)) * 0.01).astype(np.float32)


def duplicated(rng):
    return rng.normal(size=(40, 19)).astype(np.float32)[rng.integers(0, 40, 400)]


def black(rng):
    patches = random(rng)
    patches[rng.random(400) < 0.7] = 0
    return patches


def constant(rng):
    return np.full((400, 19), 3.25, dtype=np.float32)


def tied(rng):
    return rng.integers(0, 3, (400, 4)).astype(np.float32)


def cancelling(rng):
    return (1e4 + rng.normal(size=(400, 19)) * 0.01).astype(np.float32)


def drifting(rng):
    return np.cumsum(rng.normal(size=(400, 3)), axis=0).astype(np.float32)


KINDS = [random, clustered, duplicated, black, constant, tied, cancelling, drifting]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "chunk", "width"), [(23, 400, 20), (64, 1, 1), (70, 37, 9)])
@pytest.mark.parametrize("backend", BACKENDS)
def test_replacements_are_those_of_the_literal_algorithm(kind, size, chunk, width, backend):
    patches = kind(np.random.default_rng([size, chunk]))
    coreset = SequentialCoreset(size, patches.shape[1], chosen_backend(backend, "cpu"))
    log = []
    for _ in range(2):
        for start in range(0, len(patches), chunk):
            log += [tuple(row) for row in coreset.update(patches[start : start + chunk], width).tolist()]
    members, expected, smallest = literal_coreset(patches, size, epochs=2)
    assert log == expected
    assert coreset.replacements == len(expected)
    assert coreset.patches_seen == 800
    np.testing.assert_array_equal(coreset.features, members)
    assert coreset.smallest_distance == math.sqrt(smallest)


@pytest.mark.parametrize("kind", [random, tied, drifting])
def test_the_kept_tables_are_those_of_the_members(kind):
    coreset = SequentialCoreset(70, kind(np.random.default_rng(1)).shape[1])
    coreset.update(kind(np.random.default_rng(1)), 20)
    assert coreset.replacements > 0
    state = coreset.backend.arrays
    table = [[canonical(a, b) for b in state.features] for a in state.features]
    np.fill_diagonal(table := np.array(table), np.inf)
    np.testing.assert_array_equal(state.distances[:, :70], table)
    assert np.isinf(state.distances[:, 70:]).all()
    np.testing.assert_array_equal(state.minima, table.min(axis=1))
    np.testing.assert_array_equal(table[np.arange(70), state.nearest], table.min(axis=1))
    np.testing.assert_array_equal(state.blocks[1, :, 5], state.features[69])
    assert np.isinf(state.blocks[1, :, 6:]).all()


def test_the_distance_is_canonical_and_symmetric():
    rng = np.random.default_rng(2)
    pairs = rng.normal(size=(500, 2, 37)).astype(np.float32) * 10.0 ** rng.integers(-6, 6, (500, 1, 1))
    pairs = pairs.astype(np.float32)
    for a, b in pairs:
        assert squared_distance(a, b) == squared_distance(b, a) == canonical(a, b)


def test_no_multiplication_is_fused_with_an_addition():
    vector, sums = np.ones(37, dtype=np.float32), np.zeros(64)
    alone = numba.njit(squared_distance.py_func)  # kernels from numba's cache on disk cannot be inspected
    alone(vector, vector)
    grown = numba.njit(grow.py_func)
    grown(np.ones((37, 64), dtype=np.float32), vector, 0, 37, sums)
    for compiled in (alone, grown):
        (assembly,) = compiled.inspect_asm().values()
        assert "mul" in assembly
        assert not re.search(r"\b(v?fn?m(add|sub)\w*|fn?ml[as])\b", assembly)


def test_the_smallest_distance_never_falls_and_duplicates_replace_nothing():
    rng = np.random.default_rng(3)
    coreset, before = SequentialCoreset(32, 5), 0.0
    coreset.update(rng.normal(size=(32, 5)).astype(np.float32))
    for _ in range(200):
        coreset.update(rng.normal(size=(3, 5)).astype(np.float32) * 3)
        assert coreset.smallest_distance >= before
        before = coreset.smallest_distance
    assert before > 0.5
    members = coreset.features.copy()
    assert len(coreset.update(members[rng.permutation(32)])) == 0
    np.testing.assert_array_equal(coreset.features, members)


def test_after_convergence_every_patch_lies_within_the_smallest_distance():
    patches = random(np.random.default_rng(4))
    coreset = SequentialCoreset(30, 19)
    coreset.update(patches)
    while len(coreset.update(patches)):
        pass
    nearest = np.sqrt(((patches[:, None] - coreset.features[None]).astype(np.float64) ** 2).sum(-1)).min(axis=1)
    assert nearest.max() <= coreset.smallest_distance * (1 + 1e-12)


def test_favourites_and_rows_change_no_result():
    patches = clustered(np.random.default_rng(5))
    logs = []
    for width in (1, 7, 10_000):
        coreset = SequentialCoreset(90, 19)
        coreset.update(patches[:90])
        coreset.backend.arrays.served[width % 90 :] = 50
        logs.append(coreset.update(patches[90:], width))
    np.testing.assert_array_equal(logs[0], logs[1])
    np.testing.assert_array_equal(logs[0], logs[2])


def test_favourites_are_those_that_served_most_and_a_replaced_one_is_none():
    rng = np.random.default_rng(9)
    coreset = SequentialCoreset(100, 7)
    coreset.update(rng.normal(size=(100, 7)).astype(np.float32))
    arrays = coreset.backend.arrays
    arrays.served[20:84] = 8
    victim = int(np.argmin(arrays.minima))
    arrays.served[victim] = 9
    log = coreset.update(np.full((1, 7), 50, dtype=np.float32))
    assert log.tolist() == [[100, victim]]
    lanes = np.flatnonzero(arrays.favourites >= 0)
    assert set(range(21, 84)) - {victim} <= set(arrays.favourites[lanes].tolist()) | {victim}
    assert victim not in arrays.favourites
    np.testing.assert_array_equal(arrays.favourite_block[:, lanes].T, coreset.features[arrays.favourites[lanes]])
    assert np.isinf(arrays.favourite_block[:, arrays.favourites < 0]).all()


def test_filling_over_several_images():
    patches = random(np.random.default_rng(6))
    coreset = SequentialCoreset(100, 19)
    for start in range(0, 90, 30):
        assert len(coreset.update(patches[start : start + 30])) == 0
        assert not coreset.is_full
        assert math.isnan(coreset.smallest_distance)
    log = coreset.update(patches[90:])
    assert coreset.is_full
    assert log.tolist() == [list(row) for row in literal_coreset(patches, 100)[1]]


def test_a_patch_whose_last_witness_is_taken_is_decided_again():
    """The third patch is rejected by member 0 alone, which the first patch takes."""
    members = np.array([[0], [1], [10], [20], [30]], dtype=np.float32)
    patches = np.array([[50], [-0.9], [70]], dtype=np.float32)
    coreset = SequentialCoreset(5, 1, chosen_backend("torch", "cpu"))
    coreset.update(members)
    rounds, decided = [], coreset.backend._decided
    coreset.backend._decided = lambda candidates: rounds.append(len(candidates)) or decided(candidates)
    log = coreset.update(patches)
    assert rounds == [2, 3]
    expected = literal_coreset(np.concatenate([members, patches]), 5)[1]
    assert log.tolist() == [list(row) for row in expected]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_the_bounds_of_the_matrix_product_hold(scale):
    rng = np.random.default_rng(7)
    members = (rng.normal(size=(50, 37)) * scale + 5e3).astype(np.float32)
    patches = np.concatenate([members[:20], (rng.normal(size=(80, 37)) * scale + 5e3).astype(np.float32)])
    backend = chosen_backend("torch", "cpu")(members)
    lower, upper = (bound.numpy() for bound in backend._bounds(torch.from_numpy(patches)))
    true = np.array([[canonical(patch, member) for member in members] for patch in patches])
    assert (lower <= true).all()
    assert (true <= upper).all()
    assert (upper - lower).max() <= 1e-11 * true.max()  # the favourites speed up the search


@pytest.mark.parametrize("backend", BACKENDS)
def test_chunks_beyond_the_device_s_are_decided_in_order(backend):
    rng = np.random.default_rng(8)
    patches = (rng.normal(size=(5000, 3)) * np.linspace(1, 2, 5000)[:, None]).astype(np.float32)
    expected = SequentialCoreset(40, 3)
    log = [expected.update(patch[None]).tolist() for patch in patches]
    coreset = SequentialCoreset(40, 3, chosen_backend(backend, "cpu"))
    assert coreset.update(patches, 50).tolist() == [row for rows in log for row in rows]
    squared = ((patches[:, None].astype(np.float64) - coreset.features[None]) ** 2).sum(-1).min(axis=1).max()
    assert coreset.cover(patches, 50, 0.0) == pytest.approx(squared, rel=1e-14)


def test_another_back_end_is_refused():
    with pytest.raises(UserError, match="none of numba, torch"):
        chosen_backend("cupy", "cpu")


def test_a_single_member_is_refused():
    with pytest.raises(UserError, match="at least 2"):
        SequentialCoreset(1, 4)
