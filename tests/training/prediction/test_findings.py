import numpy as np
import pytest
from scipy import ndimage

from training.prediction.findings import find_findings, without_small


@pytest.mark.parametrize(("seed", "minimum"), [(0, 0), (1, 3), (2, 8)])
def test_findings_are_the_connected_regions_that_are_large_enough(seed, minimum):
    rng = np.random.default_rng(seed)
    scores = ndimage.gaussian_filter(rng.random((40, 50)), 1.0).astype(np.float32)
    threshold = float(np.quantile(scores, 0.8))
    found, labels = find_findings(scores, threshold, minimum)
    expected, count = ndimage.label(scores >= threshold, np.ones((3, 3)))
    boxes = ndimage.find_objects(expected)
    wanted = {}
    for k in range(1, count + 1):
        inside = expected == k
        if inside.sum() >= minimum:
            rows, columns = boxes[k - 1]
            box = (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
            wanted[box, int(inside.sum()), float(scores[inside].max())] = inside
    assert len(found) == len(wanted) > 3
    for entry in found:
        np.testing.assert_array_equal(labels == entry.number, wanted[entry.box, entry.area, entry.score])
    assert [entry.number for entry in found] == list(range(1, len(found) + 1))
    np.testing.assert_array_equal(labels > 0, without_small(scores >= threshold, minimum))


def test_nothing_predicted_gives_no_finding():
    found, labels = find_findings(np.zeros((5, 6), np.float32), 0.5, 0)
    assert found == []
    assert not labels.any()
