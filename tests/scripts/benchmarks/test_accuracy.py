"""The accuracy benchmarks' own arithmetic: against scikit-learn, brute force, and maps whose displacement is known."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from scripts.benchmarks.accuracy_data import LabelledTestImage, fitted_to
from scripts.benchmarks.accuracy_metrics import accuracy
from scripts.benchmarks.accuracy_runs import named_extractors
from scripts.benchmarks.planted import SQUARE, at_borders, displacements, outer_ring_share, planted, textures
from scripts.benchmarks.threshold_choice import best_f1, f1_of_draws
from training.model.score_histogram import ScoreHistogram
from training.support.user_error import UserError


def images(rng, count=6, side=(24, 30)):
    found = []
    for number in range(count):
        defect = np.zeros(side, bool)
        if number % 2:
            top, left = rng.integers(0, 12, 2)
            defect[top : top + 8, left : left + 9] = True
        ignored = np.zeros(side, bool)
        ignored[:, -2:] = True
        found.append(LabelledTestImage(np.zeros((*side, 3), np.uint8), defect & ~ignored, ignored))
    return found


def test_metrics_are_those_of_scikit_learn_over_the_counted_pixels():
    rng = np.random.default_rng(0)
    judged = images(rng)
    maps = [(rng.random(image.shape) + 0.5 * image.defect).astype(np.float32) for image in judged]
    scores = [float(scored.max()) for scored in maps]
    found = accuracy(maps, scores, judged)
    defective = [image.defect.any() for image in judged]
    assert found["image_auroc"] == pytest.approx(roc_auc_score(defective, scores))
    values = np.concatenate([scored[~image.ignored] for scored, image in zip(maps, judged, strict=True)])
    labels = np.concatenate([image.defect[~image.ignored] for image in judged])
    best = max(f1_score(labels, values >= threshold) for threshold in np.unique(values))
    assert found["f1"] == pytest.approx(best, abs=2e-3)  # the histogram's bins are 0.025 % wide
    assert 0 < found["aupro"] < 1
    separated = [scored + 2 * image.defect for scored, image in zip(maps, judged, strict=True)]
    assert accuracy(separated, scores, judged)["aupro"] == pytest.approx(1)


def test_maps_of_another_size_are_fitted_to_the_mask():
    scores = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert fitted_to(scores, (3, 4)) is scores
    assert fitted_to(scores, (6, 8)).shape == (6, 8)


@pytest.mark.parametrize("offset", [(0, 0), (3, -2), (-6, 5)])
def test_a_displaced_map_is_measured_as_displaced(offset):
    def judge(picture):
        grey = picture[..., 0].astype(np.float32)
        return np.roll(np.abs(grey - 125), offset, axis=(0, 1))

    found = displacements(judge, planted(8, (128, 160), seed=1)).mean(axis=0)
    np.testing.assert_allclose(found, offset, atol=0.5)


def test_squares_lie_where_they_are_said_to_lie():
    for defect in planted(8, (128, 160), seed=2):
        changed = np.argwhere((defect.picture != defect.plain).any(axis=2))
        assert changed.mean(axis=0) + 0.5 == pytest.approx(defect.centre, abs=0.6)
        assert changed.min() >= 48
    edges = set()
    for defect in at_borders(16, (128, 160), seed=3):
        changed = np.argwhere((defect.picture != defect.plain).any(axis=2))
        (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
        touched = (top == 0, left == 0, bottom == 127, right == 159)
        edges |= {name for name, touches in zip("tlbr", touched, strict=True) if touches}
        assert max(bottom - top, right - left) < SQUARE
    assert edges == set("tlbr")


def test_the_outer_ring_is_counted_by_the_largest_score():
    maps = [np.zeros((40, 60), np.float32) for _ in range(4)]
    for scores, place in zip(maps, [(0, 30), (39, 59), (20, 30), (20, 7)], strict=True):
        scores[place] = 1
    share, area = outer_ring_share(maps, cell=8)
    assert share == 0.75
    assert area == pytest.approx(1 - 24 * 44 / 2400)


def test_textures_follow_their_seed_and_differ_in_kind():
    first, again, other = textures(4, (64, 80), 5), textures(4, (64, 80), 5), textures(4, (64, 80), 6)
    for a, b, c in zip(first, again, other, strict=True):
        assert a.shape == (64, 80, 3)
        np.testing.assert_array_equal(a, b)
        assert (a != c).any()
    along_rows, along_columns = first[0][..., 0].astype(float), first[1][..., 0].astype(float)
    assert np.abs(np.diff(along_rows, axis=0)).mean() > 2 * np.abs(np.diff(along_rows, axis=1)).mean()
    assert np.abs(np.diff(along_columns, axis=1)).mean() > 2 * np.abs(np.diff(along_columns, axis=0)).mean()


def histograms(rng, shift):
    positives, negatives = ScoreHistogram(), ScoreHistogram()
    positives.add(rng.normal(3 + shift, 0.5, 200).clip(0.01).astype(np.float32))
    negatives.add(rng.normal(2 + shift, 0.5, 2000).clip(0.01).astype(np.float32))
    return positives, negatives


def test_a_threshold_of_all_plates_is_the_best_of_them_and_of_one_is_worse():
    rng = np.random.default_rng(4)
    plates = [histograms(rng, shift) for shift in (-0.3, 0.0, 0.3)]
    best = best_f1(plates)
    every = f1_of_draws(plates, plates, 3, 4, np.random.default_rng(0))
    np.testing.assert_allclose(every, best, atol=1e-9)
    single = f1_of_draws(plates, plates, 1, 12, np.random.default_rng(0))
    assert (single <= best + 1e-9).all()
    assert single.mean() < best - 1e-3


def test_extractors_are_named_with_their_file_and_their_ways(tmp_path):
    (found,) = named_extractors([f"mobilenet_v3_large+relu+same={tmp_path / 'weights.pth'}"])
    assert found.name == "mobilenet_v3_large"
    assert found.overrides[2:] == ("extractor.activation=relu", "extractor.padding=same")
    for wrong in ("resnet18", "resnet18=", "resnet18+gelu=a.pth"):
        with pytest.raises(UserError, match="give CONFIG=FILE"):
            named_extractors([wrong])
