import numpy as np
import pytest

from eval.metrics.split_tally import SplitTally
from eval.metrics.threshold_sweep import sweep_thresholds
from tests.eval.metrics.test_split_tally import CLASSES, DEFECTS, IGNORE, draw_image
from tests.eval.small_plates import tally_settings

COVERAGES = (0.1, 0.5, 1.0)


@pytest.mark.parametrize("threshold", [0.75, 0.8111])
def test_the_sweep_counts_what_a_loop_over_thresholds_counts(threshold):
    rng = np.random.default_rng(8)
    images = [draw_image(rng, number % 2 == 0) for number in range(4)]
    tally = SplitTally(CLASSES, IGNORE, threshold, tally_settings(coverages=COVERAGES))
    for number, (scores, mask, instances) in enumerate(images):
        tally.add(scores, float(scores[mask != IGNORE].max()), mask, instances, str(number))
    sweep = tally.threshold_curves().sweep
    thresholds = np.array(sweep["thresholds"], np.float32)
    assert len(thresholds) == 9
    assert thresholds[4] == np.float32(threshold)
    assert thresholds[-1] / thresholds[0] == pytest.approx(4)
    assert sweep["coverages"] == [0.0, *COVERAGES]
    by_name = {entry["name"]: entry for entry in sweep["classes"]}
    for k, t in enumerate(thresholds):
        for entry in CLASSES:
            predicted_pixels = [(scores[mask == entry.id] >= t).sum() for scores, mask, _ in images]
            assert by_name[entry.name]["predicted"][k] == sum(predicted_pixels)
        for c, minimum in enumerate((0.0, *COVERAGES)):
            for entry in CLASSES[1:]:
                found = 0
                for scores, mask, instances in images:
                    for i in np.unique(instances[mask == entry.id]):
                        hit = (scores >= t)[(instances == i) & (mask == entry.id)]
                        found += hit.any() and hit.mean() >= minimum
                assert by_name[entry.name]["found"][c][k] == found, (entry.name, minimum, t)
        alarmed = [bool((scores[mask != IGNORE] >= t).any()) for scores, mask, _ in images]
        defective = [bool(np.isin(mask, DEFECTS).any()) for _, mask, _ in images]
        both = [a and d for a, d in zip(alarmed, defective, strict=True)]
        assert sweep["images"]["defective"]["alarmed"][k] == sum(both)
        assert sweep["images"]["other"]["alarmed"][k] == sum(alarmed) - sum(both)
    metrics = tally.compute()
    assert sum(by_name[entry.name]["predicted"][4] for entry in CLASSES if entry.id in DEFECTS) == (
        metrics.pixels.true_positives
    )
    for entry in metrics.classes:
        assert by_name[entry.name]["instances"] == entry.instances
        if entry.instances:
            assert by_name[entry.name]["found"][0][4] / entry.instances == entry.defect_wise_recall


def test_a_grid_holds_at_most_255_thresholds_and_one_where_none_is_positive():
    assert len(sweep_thresholds(1.5, 10, 100)) == 255
    assert sweep_thresholds(0.0, 2, 32).tolist() == [0.0]


def test_the_precision_recall_points_lie_on_scikit_learn_s_curve():
    from sklearn.metrics import precision_score, recall_score

    rng = np.random.default_rng(3)
    images = [draw_image(rng, True) for _ in range(3)]
    tally = SplitTally(CLASSES, IGNORE, 0.75, tally_settings())
    for scores, mask, instances in images:
        tally.add(scores, 1.0, mask, instances, "")
    points = tally.threshold_curves().precision_recall
    scores = np.concatenate([s[m != IGNORE] for s, m, _ in images])
    truth = np.concatenate([np.isin(m, DEFECTS)[m != IGNORE] for _, m, _ in images])
    assert 20 < len(points) <= 202
    for threshold, recall, precision in points:
        predicted = scores >= np.float32(threshold)
        assert recall == pytest.approx(recall_score(truth, predicted), abs=1e-12)
        assert precision == pytest.approx(precision_score(truth, predicted), abs=1e-12)
    assert points[-1][1] == 1.0
    shares = tally.threshold_curves().score_histogram
    edges = np.array(shares["edges"])
    expected = np.histogram(scores[truth], edges)[0] / truth.sum()
    np.testing.assert_allclose(shares["defect"], expected, atol=0.02)
    assert sum(shares["background"]) == pytest.approx(1)


def test_small_predictions_are_left_out_of_every_decision():
    from scipy import ndimage

    rng = np.random.default_rng(9)
    scores, mask, instances = draw_image(rng, True)
    scores[mask == IGNORE] = 0
    tally = SplitTally(CLASSES, IGNORE, 0.75, tally_settings(minimum_prediction_size=6))
    added = tally.add(scores, 1.0, mask, instances, "")
    labels, count = ndimage.label(scores >= 0.75, np.ones((3, 3)))
    kept = np.isin(labels, [k for k in range(1, count + 1) if (labels == k).sum() >= 6])
    assert 0 < kept.sum() < (scores >= 0.75).sum()
    np.testing.assert_array_equal(added.predicted, kept)
    metrics = tally.compute()
    assert metrics.pixels.true_positives == (kept & np.isin(mask, DEFECTS)).sum()
    found = [
        kept[(instances == i) & np.isin(mask, DEFECTS)].any() for i in np.unique(instances[np.isin(mask, DEFECTS)])
    ]
    assert added.instances_found == sum(found)
    assert tally.threshold_curves().sweep is None
