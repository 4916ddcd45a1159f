import tracemalloc

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from eval.metrics.split_tally import SplitTally
from tests.eval.metrics.aupro_oracle import literal_aupro
from tests.eval.small_plates import tally_settings
from training.data.dataset import DefectClass

CLASSES = (
    DefectClass(0, "background", "background", (0, 0, 0)),
    DefectClass(1, "bump", "defect", (255, 0, 0)),
    DefectClass(2, "dent", "defect", (0, 255, 0)),
    DefectClass(3, "fingerprint", "impurity", (0, 0, 255)),
    DefectClass(4, "scratch", "defect", (255, 255, 0)),
)
DEFECTS, IGNORE, LIMIT = (1, 2, 4), 255, 0.3


def draw_image(rng: np.random.Generator, on_edges: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw an anomaly map, mask and instances; scores are multiples of 1/256 (histogram bin edges) or any float32."""
    instances, count = ndimage.label(ndimage.binary_dilation(rng.random((24, 31)) < 0.02, iterations=2))
    class_of_instance = np.concatenate([[0], rng.choice([1, 2, 3], count)])
    mask = class_of_instance[instances].astype(np.uint8)
    mask[-3:] = IGNORE
    scores = rng.random(mask.shape) + 0.4 * np.isin(mask, DEFECTS)
    if on_edges:
        scores = np.round(scores * 256) / 256
    return scores.astype(np.float32), mask, instances.astype(np.int32)


def tally_of(images: list, threshold: float = 0.75) -> SplitTally:
    tally = SplitTally(CLASSES, IGNORE, threshold, tally_settings(coverages=(0.1, 0.5), aupro_limit=LIMIT))
    for number, (scores, mask, instances) in enumerate(images):
        tally.add(scores, float(scores[mask != IGNORE].max()), mask, instances, f"plate {number // 2}")
    return tally


def stack(images: list) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stack all images into one tall image with renumbered instances, for reference implementations."""
    offset, renumbered = 0, []
    for _, _, instances in images:
        renumbered.append(np.where(instances > 0, instances + offset, 0))
        offset += int(instances.max())
    return np.vstack([i[0] for i in images]), np.vstack([i[1] for i in images]), np.vstack(renumbered)


@pytest.mark.parametrize(("on_edges", "tolerance"), [(True, 1e-12), (False, 2e-4)])
def test_the_curves_agree_with_the_whole_split_held_at_once(on_edges, tolerance):
    rng = np.random.default_rng(11)
    images = [draw_image(rng, on_edges) for _ in range(3)]
    metrics = tally_of(images).compute()
    scores, mask, instances = stack(images)
    counted = mask != IGNORE
    truth = np.isin(mask, DEFECTS)[counted]
    assert metrics.pixel_auroc == pytest.approx(roc_auc_score(truth, scores[counted]), abs=tolerance)
    assert metrics.pixel_average_precision == pytest.approx(
        average_precision_score(truth, scores[counted]), abs=10 * tolerance
    )
    regions = np.where(np.isin(mask, DEFECTS), instances, 0)
    _, dense = np.unique(regions, return_inverse=True)
    expected = literal_aupro(scores, dense.reshape(regions.shape), counted, LIMIT)
    assert metrics.aupro == pytest.approx(expected, abs=tolerance)
    assert metrics.pixel_f1 == pytest.approx(f1_score(truth, (scores >= 0.75)[counted]), abs=1e-12)


def test_image_auroc_agrees_with_scikit_learn_and_impurities_do_not_make_an_image_anomalous():
    rng = np.random.default_rng(2)
    images = [draw_image(rng, True) for _ in range(8)]
    for _, mask, _ in images[::2]:
        mask[np.isin(mask, DEFECTS)] = 3
    for scores, mask, instances in images[::2]:
        instances[mask != 3] = 0
        np.multiply(scores, 0.97, out=scores)
    labels = [bool(np.isin(mask, DEFECTS).any()) for _, mask, _ in images]
    metrics = tally_of(images).compute()
    image_scores = [scores[mask != IGNORE].max() for scores, mask, _ in images]
    assert metrics.anomalous_images == sum(labels) == 4
    assert metrics.image_auroc == pytest.approx(roc_auc_score(labels, image_scores), abs=1e-12)
    assert metrics.image_average_precision == pytest.approx(average_precision_score(labels, image_scores), abs=1e-12)


def test_the_mean_defect_wise_recall_leaves_out_impurities_and_classes_without_instances():
    mask = np.array([[1, 0, 1, 0, 2, 0, 3]], np.uint8)
    instances = np.array([[1, 0, 2, 0, 3, 0, 4]], np.int32)
    scores = np.array([[9, 0, 0, 0, 9, 0, 0]], np.float32)
    metrics = tally_of([(scores, mask, instances)]).compute()
    by_name = {entry.name: entry for entry in metrics.classes}
    assert by_name["bump"].defect_wise_recall == 0.5
    assert by_name["dent"].defect_wise_recall == 1.0
    assert by_name["fingerprint"].defect_wise_recall == 0.0
    assert by_name["scratch"].defect_wise_recall is None
    assert by_name["scratch"].pixel_recall is None
    assert "background" not in by_name
    assert metrics.mean_defect_wise_recall == 0.75
    assert metrics.image_auroc is None


def test_each_image_gets_its_own_counts():
    mask = np.array([[1, 1, 3, 0, IGNORE]], np.uint8)
    instances = np.array([[1, 1, 2, 0, 0]], np.int32)
    tally = tally_of([])
    added = tally.add(np.array([[1, 0, 1, 0, 1]], np.float32), 1.0, mask, instances, "")
    assert (added.counts.true_positives, added.counts.false_positives, added.counts.false_negatives) == (1, 1, 1)
    assert (added.counts.ignored, added.instances_found, added.instances) == (1, 1, 1)
    assert added.class_ids == (1, 3)


def test_ignored_pixels_change_nothing():
    rng = np.random.default_rng(4)
    scores, mask, instances = draw_image(rng, True)
    changed = np.where(mask == IGNORE, 100, scores).astype(np.float32)
    assert tally_of([(scores, mask, instances)]).compute() == tally_of([(changed, mask, instances)]).compute()


def test_memory_does_not_grow_by_the_size_of_images():
    rng = np.random.default_rng(6)
    mask, instances = np.zeros((400, 500), np.uint8), np.zeros((400, 500), np.int32)
    mask[10:40, 20:90], instances[10:40, 20:90] = 1, 1
    tally = tally_of([])
    held = []
    tracemalloc.start()
    for number in range(24):
        scores = rng.gamma(3, 0.3, mask.shape).astype(np.float32)
        tally.add(scores, float(scores.max()), mask, instances, f"plate {number // 12}")
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert (held[-1] - held[3]) / 20 < 0.1 * scores.nbytes
