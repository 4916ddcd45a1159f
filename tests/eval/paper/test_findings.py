"""Findings on planted plates: the paired comparison sees a difference that the plates' own spread would hide."""

import numpy as np
import pytest

from eval.metrics.metric_values import MetricSums, class_metric_values, metric_values
from eval.metrics.plate_counts import PlateCounts, read_plate_counts, write_plate_counts
from eval.metrics.settings import BootstrapSettings
from eval.paper.findings import FAILS, HOLDS, OPEN, findings, verdict_of
from eval.paper.measured_row import Measurement
from eval.paper.resampled import ResampledRows, metric_percent
from tests.eval.small_results import class_metrics, small_results
from training.support.user_error import UserError

BOOTSTRAP = BootstrapSettings(resamples=400, confidence=0.95, seed=0)
CLASSES = (("background", "background"), ("scratch", "defect"), ("dent", "defect"), ("water_stain", "impurity"))
PLATES = 8


def planted(stain_share: np.ndarray, alarm_share: float = 0.001) -> PlateCounts:
    """Return plates of very different difficulty; ``stain_share`` (plates,) of the stains' pixels is predicted."""
    counts = np.zeros((PLATES, len(CLASSES), 4), np.int64)
    ease = np.linspace(0.2, 0.9, PLATES)
    counts[:, 0, 0], counts[:, 0, 1] = 1_000_000, 1_000_000 * alarm_share
    for number in (1, 2):
        counts[:, number, 0], counts[:, number, 1] = 10_000, 10_000 * ease
        counts[:, number, 2], counts[:, number, 3] = 10, np.round(10 * ease)
    counts[:, 3, 0], counts[:, 3, 1] = 50_000, 50_000 * stain_share
    counts[:, 3, 2], counts[:, 3, 3] = 20, np.round(20 * stain_share)
    return PlateCounts(tuple(f"plate_{number}" for number in range(PLATES)), CLASSES, counts)


def row_of(*seeds: PlateCounts):
    every = np.ones((1, PLATES), np.int64)
    row = []
    for seed, counts in enumerate(seeds):
        values = {
            name: metric_percent(every, counts, name)[0] / 100
            for name in ("pixel_precision", "pixel_recall", "pixel_f1", "mean_defect_wise_recall")
        }
        classes = tuple(
            class_metrics(
                name,
                kind,
                metric_percent(every, counts, f"{name}.pixel_recall")[0] / 100,
                metric_percent(every, counts, f"{name}.defect_wise_recall")[0] / 100,
                1,
            )
            for name, kind in CLASSES[1:]
        )
        row.append(Measurement(seed, small_results(values, classes), counts))
    return tuple(row)


def verdicts(rows, bootstrap=BOOTSTRAP):
    return {(entry.key, entry.part): entry for entry in findings(rows, ResampledRows(rows, bootstrap))}


def stained_rows(lowered_by: float, noise: float = 0.0):
    """Return the four rows of table I's stains: training on stained plates lowers every plate's share."""
    rng = np.random.default_rng(5)
    shares = np.linspace(0.05, 0.6, PLATES)
    rows = {}
    for tuned in ("", "_ft"):
        rows[f"synth{tuned}"] = row_of(planted(shares))
        changed = np.clip(shares - lowered_by + noise * rng.standard_normal(PLATES), 0, 1)
        rows[f"synth_ws{tuned}"] = row_of(planted(changed))
    return rows


def test_a_small_planted_difference_on_every_plate_is_decided_although_the_plates_differ_much():
    found = verdicts(stained_rows(0.03))[("stains_pixels", "")]
    assert found.verdict == HOLDS
    assert found.effect == pytest.approx(3.0, abs=0.1)
    assert 2.9 < found.low <= found.high < 3.1
    assert found.in_favour == 1
    rows = stained_rows(0.03)
    resampled = ResampledRows(rows, BOOTSTRAP)
    low, high = resampled.interval(resampled.values("synth", "water_stain.pixel_recall"))
    assert high - low > 15  # unpaired, this spread would hide three points


def test_the_opposite_does_not_hold_and_noise_decides_nothing():
    assert verdicts(stained_rows(-0.03))[("stains_pixels", "")].verdict == FAILS
    assert verdicts(stained_rows(-0.03))[("stains_pixels", "")].in_favour == 0
    noisy = verdicts(stained_rows(0.0, noise=0.05))
    assert noisy[("stains_pixels", "")].verdict == OPEN
    assert 0 < noisy[("stains_pixels", "")].in_favour < 1
    parts = [part for key, part in noisy if key == "stains_pixels" and part]
    assert parts == ["Synth → Synth_WS", "Synth (ft) → Synth_WS (ft)"]


def test_a_difference_within_the_spread_of_seeds_is_not_decided():
    shares = np.linspace(0.05, 0.6, PLATES)
    rows = stained_rows(0.03)
    for tuned in ("", "_ft"):
        rows[f"synth{tuned}"] = row_of(*(planted(shares) for _ in range(3)))
        rows[f"synth_ws{tuned}"] = row_of(*(planted(np.clip(shares + by, 0, 1)) for by in (-0.04, 0.035, -0.03)))
    assert verdicts(rows)[("stains_pixels", "")].verdict == OPEN


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [(0.1, 2, 0, HOLDS), (-1, 2, 0, OPEN), (-2, -0.1, 0, FAILS), (-1.9, 0, 2, HOLDS), (-5, -2.1, 2, FAILS)],
)
def test_a_verdict_needs_the_whole_interval_on_one_side_of_the_margin(low, high, margin, verdict):
    assert verdict_of((low + high) / 2, low, high, margin, 7) == verdict
    assert verdict_of((low + high) / 2, low, high, margin, 4) == OPEN


def test_rows_on_different_plates_are_refused():
    rows = stained_rows(0.03)
    other = planted(np.linspace(0, 0.5, PLATES))
    rows["real"] = row_of(PlateCounts(("another", *other.plates[1:]), other.classes, other.counts))
    with pytest.raises(UserError, match="different plates"):
        ResampledRows(rows, BOOTSTRAP)


def test_resampled_metrics_are_those_of_the_evaluation():
    counts = planted(np.linspace(0.05, 0.6, PLATES))
    drawn = np.array([[3, 0, 1, 1, 0, 2, 0, 1]])
    by_class, instances = np.zeros((2, 256), np.int64), np.zeros((2, 256), np.int64)
    summed = np.tensordot(drawn[0], counts.counts, 1)
    ids = [0, 4, 2, 6]
    by_class[:, ids], instances[:, ids] = summed[:, :2].T, summed[:, 2:].T
    none = (np.zeros(1), np.zeros(1))
    sums = MetricSums(by_class, instances, none, none, np.zeros(1), 0)
    expected = metric_values(sums, {4, 2}, 255, 0.3)
    for name in ("pixel_precision", "pixel_recall", "pixel_f1", "mean_defect_wise_recall"):
        assert metric_percent(drawn, counts, name)[0] == pytest.approx(100 * expected[name])
    of_stains = class_metric_values(sums, 6)
    for name, value in of_stains.items():
        assert metric_percent(drawn, counts, f"water_stain.{name}")[0] == pytest.approx(100 * value)


def test_plate_counts_survive_their_file_and_a_damaged_one_is_one_line(tmp_path):
    counts = planted(np.linspace(0.05, 0.6, PLATES))
    write_plate_counts(counts, tmp_path)
    read = read_plate_counts(tmp_path)
    assert (read.plates, read.classes) == (counts.plates, counts.classes)
    assert (read.counts == counts.counts).all()
    (tmp_path / "plates.csv").write_text("plate_id,class\n1,2\n")
    with pytest.raises(UserError, match=r"plates\.csv cannot be read"):
        read_plate_counts(tmp_path)
    (tmp_path / "plates.csv").unlink()
    with pytest.raises(UserError, match="is missing; evaluate the run again"):
        read_plate_counts(tmp_path)
