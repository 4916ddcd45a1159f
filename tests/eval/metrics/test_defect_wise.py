import numpy as np
import pytest
from scipy import ndimage

from eval.metrics.defect_wise import DefectWiseTally, Instance, is_found, mean_recall, measure_instances

IGNORE = 255
COVERAGES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 0.75, 1.0)  # appendix C


def draw_scene(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    instances, _ = ndimage.label(rng.random((60, 70)) < 0.45)
    classes = rng.choice(np.array([1, 2, 3], np.uint8), instances.max() + 1)
    mask = np.where(instances > 0, classes[instances], 0).astype(np.uint8)
    mask[:5] = IGNORE
    return rng.random(mask.shape) < 0.2, instances.astype(np.int32), mask


def test_instances_equal_a_literal_loop():
    predicted, instances, mask = draw_scene(np.random.default_rng(0))
    expected = []
    for instance_id in range(1, instances.max() + 1):
        pixels = [(y, x) for y, x in np.argwhere(instances == instance_id) if mask[y, x] != IGNORE]
        if pixels:
            area, hits = len(pixels), sum(bool(predicted[p]) for p in pixels)
            expected.append(Instance(instance_id, int(mask[pixels[0]]), area, hits))
    assert measure_instances(predicted, instances, mask, IGNORE) == expected
    assert len(expected) > 50


def test_the_tally_equals_a_literal_loop_over_images_classes_and_coverages():
    rng = np.random.default_rng(1)
    tally, seen = DefectWiseTally(COVERAGES), []
    for _ in range(5):
        measured = measure_instances(*draw_scene(rng), IGNORE)
        tally.add(measured)
        seen += measured
    recalls = tally.compute([1, 2, 3, 4])
    for class_id in (1, 2, 3):
        instances_of_class = [i for i in seen if i.class_id == class_id]
        for minimum, recall in zip(COVERAGES, recalls[class_id], strict=True):
            found = 0
            for i in instances_of_class:
                found += (i.predicted >= 1) if minimum == 0 else (i.predicted / i.area >= minimum)
            assert recall == pytest.approx(found / len(instances_of_class), abs=1e-12)
    assert recalls[4] == [None] * len(COVERAGES)
    assert recalls[1][0] > recalls[1][-1]


def test_the_tally_does_not_grow_with_the_images():
    tally = DefectWiseTally(COVERAGES)
    before = tally.found.nbytes + tally.total.nbytes
    tally.add(Instance(n, 1, 10, n % 11) for n in range(1, 1000))
    assert tally.found.nbytes + tally.total.nbytes == before
    assert tally.total[1] == 999


def test_one_pixel_finds_an_instance_and_none_does_not():
    assert is_found(Instance(1, 1, 10_000, 1), 0.0)
    assert not is_found(Instance(1, 1, 10_000, 0), 0.0)


def test_a_coverage_exactly_at_the_minimum_is_found():
    assert is_found(Instance(1, 1, 100, 7), 0.07)
    assert is_found(Instance(1, 1, 3, 3), 1.0)
    assert not is_found(Instance(1, 1, 100, 6), 0.07)


def test_the_same_instance_id_in_two_images_is_two_instances():
    tally = DefectWiseTally([0.0])
    tally.add([Instance(1, 1, 4, 4)])
    tally.add([Instance(1, 1, 4, 0)])
    assert tally.compute([1]) == {1: [0.5]}


def test_mean_recall_is_the_papers_table():
    # Table I, row Real: scratch, bump, dent; table II gives mR_DW 98.9.
    assert round(mean_recall([99.0, 100.0, 97.7]), 1) == 98.9


def test_mean_recall_leaves_out_classes_that_were_not_measured():
    assert mean_recall([1.0, None, 0.5]) == 0.75
    assert mean_recall([None, None]) is None


def test_an_instance_of_two_classes_is_refused():
    instances = np.array([[1, 1]], np.int32)
    with pytest.raises(ValueError, match="instance 1 has pixels of classes 2 and 3"):
        measure_instances(np.ones((1, 2), bool), instances, np.array([[2, 3]], np.uint8), IGNORE)


def test_an_instance_wholly_in_ignored_pixels_is_not_counted():
    mask = np.full((2, 2), IGNORE, np.uint8)
    assert measure_instances(np.ones((2, 2), bool), np.ones((2, 2), np.int32), mask, IGNORE) == []
