import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.eval.metrics.aupro_oracle import literal_aupro
from training.model.curves import aupro, auroc, average_precision, weights_by_score


@pytest.mark.parametrize("levels", [7, 100_000])
def test_auroc_and_average_precision_agree_with_scikit_learn(levels):
    rng = np.random.default_rng(5)
    positive = rng.random(3000) < 0.2
    scores = np.floor(levels * (rng.random(3000) + 0.3 * positive)) / levels
    weights = weights_by_score(scores, positive)
    assert auroc(*weights) == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)
    assert average_precision(*weights) == pytest.approx(average_precision_score(positive, scores), abs=1e-12)


def test_a_perfect_a_reversed_and_a_constant_score():
    positive = np.array([False, False, True, True])
    assert auroc(*weights_by_score(np.array([1.0, 2.0, 3.0, 4.0]), positive)) == 1.0
    assert auroc(*weights_by_score(np.array([4.0, 3.0, 2.0, 1.0]), positive)) == 0.0
    assert auroc(*weights_by_score(np.ones(4), positive)) == 0.5


def test_nothing_to_measure_is_none():
    some, none = np.ones(3), np.zeros(3)
    assert auroc(some, none) is None
    assert auroc(none, some) is None
    assert average_precision(none, some) is None
    assert aupro(none, 0, some, 0.3) is None
    assert aupro(some, 1, none, 0.3) is None


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [0.05, 0.3, 1.0])
def test_aupro_equals_a_literal_loop_over_thresholds_and_regions(seed, limit):
    rng = np.random.default_rng(seed)
    instances, regions = ndimage.label(ndimage.binary_dilation(rng.random((30, 34)) < 0.015, iterations=2))
    scores = np.round(rng.random(instances.shape) + 0.5 * (instances > 0), 2)
    counted = np.ones(instances.shape, bool)
    areas = np.bincount(instances.ravel())
    inside = instances > 0
    distinct, index = np.unique(scores, return_inverse=True)
    index = index.reshape(scores.shape)
    overlaps = np.bincount(index[inside], 1.0 / areas[instances[inside]], len(distinct))
    negatives = np.bincount(index[~inside], minlength=len(distinct)).astype(float)
    assert regions > 3
    assert aupro(overlaps, regions, negatives, limit) == pytest.approx(
        literal_aupro(scores, instances, counted, limit), abs=1e-12
    )
