import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from eval.metrics.pixel_counts import PixelCounts, binary_counts, class_recall, count_by_class, f1, precision, recall

DEFECTS, IGNORE = (1, 2, 4), 255


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    mask = rng.choice(np.array([0, 1, 2, 3, 4, 6, IGNORE], np.uint8), (40, 53))
    return rng.random(mask.shape) < 0.4, mask


def test_precision_recall_and_f1_agree_with_scikit_learn(scene):
    predicted, mask = scene
    counts = binary_counts(count_by_class(predicted, mask), DEFECTS, IGNORE)
    counted = mask != IGNORE
    truth = np.isin(mask, DEFECTS)[counted]
    assert precision(counts) == pytest.approx(precision_score(truth, predicted[counted]), abs=1e-12)
    assert recall(counts) == pytest.approx(recall_score(truth, predicted[counted]), abs=1e-12)
    assert f1(counts) == pytest.approx(f1_score(truth, predicted[counted]), abs=1e-12)


def test_the_counts_equal_a_literal_loop(scene):
    predicted, mask = scene
    expected = dict.fromkeys(PixelCounts.__dataclass_fields__, 0)
    for positive, class_id in zip(predicted.ravel(), mask.ravel(), strict=True):
        if class_id == IGNORE:
            expected["ignored"] += 1
        elif class_id in DEFECTS:
            expected["true_positives" if positive else "false_negatives"] += 1
        else:
            expected["false_positives" if positive else "true_negatives"] += 1
    assert binary_counts(count_by_class(predicted, mask), DEFECTS, IGNORE) == PixelCounts(**expected)


def test_a_predicted_impurity_is_a_false_positive():
    mask = np.array([[3, 6, 0, 1]], np.uint8)
    counts = binary_counts(count_by_class(np.array([[True, True, False, True]]), mask), DEFECTS, IGNORE)
    assert (counts.true_positives, counts.false_positives, counts.true_negatives) == (1, 2, 1)


def test_tables_of_several_images_add_up_to_the_table_of_all(scene):
    predicted, mask = scene
    halves = count_by_class(predicted[:20], mask[:20]) + count_by_class(predicted[20:], mask[20:])
    assert np.array_equal(halves, count_by_class(predicted, mask))


def test_class_recall_is_the_predicted_share_of_the_class(scene):
    predicted, mask = scene
    table = count_by_class(predicted, mask)
    assert class_recall(table, 3) == pytest.approx(predicted[mask == 3].mean(), abs=1e-12)


def test_what_cannot_be_measured_is_none_and_never_zero_or_one():
    nothing = binary_counts(count_by_class(np.zeros((2, 2), bool), np.zeros((2, 2), np.uint8)), DEFECTS, IGNORE)
    assert precision(nothing) is None
    assert recall(nothing) is None
    assert f1(nothing) is None
    assert class_recall(count_by_class(np.ones((2, 2), bool), np.zeros((2, 2), np.uint8)), 1) is None


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(3, 2\)"):
        count_by_class(np.zeros((2, 3), bool), np.zeros((3, 2), np.uint8))
