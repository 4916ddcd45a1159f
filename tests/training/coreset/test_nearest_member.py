"""The nearest member, by both back ends, against all canonical distances."""

import numpy as np
import pytest

from tests.training.coreset_oracle import canonical
from training.coreset.backend import BACKENDS, chosen_backend
from training.coreset.nearest_member import NearestMembers


def literal(patches, members, left_out):
    """The nearest member by comparing all; of equally near ones the lowest index."""
    found = []
    for patch in patches:
        taken = [(canonical(patch, member), k) for k, member in enumerate(members) if not left_out[k]]
        found.append(min(taken) if taken else (np.inf, -1))
    return np.array([k for _, k in found]), np.array([squared for squared, _ in found])


def cases():
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(size=(130, 40)), axis=1).astype(np.float32)
    yield "spread", smooth, (smooth[rng.integers(0, 130, 60)] + rng.normal(0, 0.5, (60, 40))).astype(np.float32)
    whole = rng.integers(0, 3, (70, 5)).astype(np.float32)  # many ties and duplicates
    yield "ties", whole, rng.integers(0, 3, (50, 5)).astype(np.float32)
    far = (rng.normal(size=(65, 20)) * 1e-3 + 1e4).astype(np.float32)  # float32 differences cancel
    yield "far from zero", far, (far[:40] + rng.normal(0, 1e-3, (40, 20))).astype(np.float32)
    yield "few", smooth[:3, :2].copy(), smooth[:20, 2:4].copy()
    huge = (rng.normal(size=(10, 6)) * 1e30).astype(np.float32)  # float32 squares overflow
    yield "huge", huge, (huge * np.float32(1.01))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("members", "patches"), [c[1:] for c in cases()], ids=[c[0] for c in cases()])
def test_it_is_the_literal_nearest(backend, members, patches):
    coreset = chosen_backend(backend, "cpu")(members.copy())
    for left_out in (None, np.arange(len(members)) % 3 == 0):
        expected = literal(patches, members, np.zeros(len(members), bool) if left_out is None else left_out)
        found = coreset.nearest(patches, 7, left_out)
        np.testing.assert_array_equal(found.members, expected[0])
        np.testing.assert_array_equal(found.squared, expected[1])


def test_no_member_is_found_where_all_are_left_out():
    rows = np.eye(4, dtype=np.float32)
    found = NearestMembers(rows).of(rows, 1, np.ones(4, bool))
    assert found.members.tolist() == [-1] * 4
    assert np.isinf(found.squared).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_members_with_a_patch_within_a_limit_are_reached(backend):
    for _, members, patches in list(cases())[:3]:
        coreset = chosen_backend(backend, "cpu")(members.copy())
        squared = np.array([[canonical(p, m) for m in members] for p in patches]).min(axis=0)
        wanted = np.flatnonzero(np.arange(len(members)) % 2)
        limit = float(np.median(squared))
        np.testing.assert_array_equal(coreset.reached(patches, wanted, limit), squared[wanted] <= limit)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_search_follows_replacements(backend):
    rng = np.random.default_rng(1)
    members = rng.normal(size=(16, 4)).astype(np.float32)
    coreset = chosen_backend(backend, "cpu")(members.copy())
    coreset.nearest(members, 1)
    patches = (10 * rng.normal(size=(30, 4))).astype(np.float32)
    assert len(coreset.update(patches, 1))
    expected = literal(patches, coreset.features, np.zeros(16, bool))
    np.testing.assert_array_equal(coreset.nearest(patches, 1).members, expected[0])
