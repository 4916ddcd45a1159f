import numpy as np
import pytest

from training.coreset.reservoir import Reservoir


def numbered(count):
    return np.arange(count, dtype=np.float32)[:, None]


@pytest.mark.parametrize("chunks", [[1000], [3, 4, 1, 0, 992], [100] * 10, [1] * 1000])
def test_the_sample_depends_on_seed_and_patches_not_on_their_division(chunks):
    whole, divided, other = Reservoir(20, 1, 5), Reservoir(20, 1, 5), Reservoir(20, 1, 6)
    patches = numbered(1000)
    whole.offer(patches)
    other.offer(patches)
    for part in np.split(patches, np.cumsum(chunks)[:-1]):
        divided.offer(part)
    np.testing.assert_array_equal(divided.rows, whole.rows)
    assert divided.offered == 1000
    assert not np.array_equal(other.rows, whole.rows)


def test_the_sample_is_algorithm_r():
    """The literal algorithm: patch t takes slot floor(u (t + 1)) where that is one of the slots."""
    rng = np.random.Generator(np.random.PCG64([5, 1]))
    rows = []
    for number in range(300):
        slot = int(rng.random() * (number + 1))
        if number < 20:
            rows.append(number)
        elif slot < 20:
            rows[slot] = number
    reservoir = Reservoir(20, 1, 5)
    reservoir.offer(numbered(300))
    assert reservoir.rows[:, 0].tolist() == rows


def test_every_patch_is_as_likely():
    counts = np.zeros(60)
    for seed in range(3000):
        reservoir = Reservoir(15, 1, seed)
        reservoir.offer(numbered(60))
        counts[reservoir.rows[:, 0].astype(int)] += 1
    assert counts.sum() == 3000 * 15
    expected, spread = 3000 / 4, np.sqrt(3000 * 0.25 * 0.75)
    assert np.abs(counts - expected).max() < 4.5 * spread
