"""Curves with intervals over plates, and what the data cannot carry."""

import math

import numpy as np
import pandas as pd
import pytest

from eval.metrics.settings import BootstrapSettings
from eval.pod.curve import describe, pod_curve, text_of
from eval.pod.plate_bootstrap import plate_bounds
from eval.pod.record import Pod, PodCurve
from eval.pod.table import COLUMNS, write_pod_table
from tests.eval.pod.simulated_flaws import A50, Flaws, simulate, true_size

BOOTSTRAP = BootstrapSettings(resamples=200, confidence=0.95, seed=1)


def curve_of(flaws: Flaws, settings: BootstrapSettings = BOOTSTRAP, kind: str = "defect") -> PodCurve:
    sizes, hits = np.array(flaws.sizes, float), np.array(flaws.hits, bool)
    plates = np.array(flaws.plates)
    described = describe("scratch", kind, "width", 0, sizes, hits, len(np.unique(plates)))
    return pod_curve(described, sizes, hits, plates, settings)


def mixed(low_hits: int, high_misses: int) -> Flaws:
    """Return 40 flaws of 1 to 40 mm on 20 plates; those above 20 mm are found, but for some on either side."""
    sizes = np.arange(1, 41) / 1000
    hits = sizes > 0.0205
    hits[20 - low_hits : 20], hits[20 : 20 + high_misses] = True, False
    return Flaws(sizes, hits, np.arange(40) % 20)


def test_pod_curve_recovers_a50_and_a90_within_their_intervals():
    curve = curve_of(simulate(np.random.default_rng(5), plates=60))
    assert (curve.instances, curve.warnings) == (240, ())
    assert curve.a50_interval[0] <= A50 <= curve.a50_interval[1]
    assert curve.a90_interval[0] <= true_size(0.9) <= curve.a90_interval[1]
    assert curve.a90_interval[0] <= curve.a90 <= curve.a90_95 <= curve.a90_interval[1]
    assert curve.a90_95_fit > curve.a90
    assert sum(share.instances for share in curve.shares) == curve.instances == 240
    assert sum(round(share.share * share.instances) for share in curve.shares) == curve.found
    probabilities = [point.probability for point in curve.points]
    assert probabilities == sorted(probabilities)
    assert all(point.lower <= point.probability for point in curve.points)
    assert (curve.points[0].size, curve.points[-1].size) == pytest.approx((curve.smallest, curve.largest))


@pytest.mark.slow
def test_pod_bound_over_plates_covers_the_true_a90_in_about_95_percent_of_simulations():
    rng = np.random.default_rng(8)
    covered = 0
    for number in range(60):
        flaws = simulate(rng, plates=40)
        settings = BootstrapSettings(resamples=200, confidence=0.95, seed=number)
        (bounds,) = plate_bounds(np.log(flaws.sizes), flaws.hits, flaws.plates, (0.9,), 1.0, 0.95, settings)
        covered += bounds.upper is None or bounds.upper >= true_size(0.9)
    assert covered / 60 >= 0.95 - 3 * 0.0281  # the deviation of 60 draws at 95 %


def test_pod_interval_over_plates_grows_when_flaws_of_a_plate_are_alike():
    flaws = simulate(np.random.default_rng(21), plates=40)
    alike = Flaws(np.repeat(flaws.sizes, 4), np.repeat(flaws.hits, 4), np.repeat(np.arange(160), 4))
    apart = alike._replace(plates=np.arange(640))
    together, single = curve_of(alike), curve_of(apart)
    assert (together.a50, together.a90_95_fit) == (single.a50, single.a90_95_fit)
    assert together.a90_95 > single.a90_95


@pytest.mark.parametrize(
    ("flaws", "words"),
    [
        (mixed(0, 17), "no fit: 3 found of 40; a fit needs at least 5"),
        (mixed(17, 0), "no fit: 3 missed of 40; a fit needs at least 5"),
        (mixed(0, 0), "no fit: complete separation, all up to 20 mm are missed and all from 21 mm found"),
        (mixed(0, 0)._replace(hits=~mixed(0, 0).hits), "no fit: complete separation, the smaller ones are found"),
        (mixed(3, 3)._replace(sizes=np.full(40, 0.004)), "no fit: all have the same width"),
    ],
)
def test_pod_without_a_fit_says_why(flaws, words):
    curve = curve_of(flaws)
    assert curve.warnings[-1].startswith(words)
    assert (curve.intercept, curve.a50, curve.a90, curve.a90_95, curve.points) == (None, None, None, None, ())
    assert (curve.instances, curve.found) == (40, int(flaws.hits.sum()))


def test_pod_with_a_falling_curve_has_no_sizes():
    flaws = mixed(3, 3)
    curve = curve_of(flaws._replace(hits=~flaws.hits))
    assert curve.slope < 0
    assert curve.a50 is curve.a90 is curve.a90_95 is None
    assert "the slope is not positive" in curve.warnings[-1]
    falling = curve_of(flaws._replace(hits=~flaws.hits), kind="impurity")
    assert "larger ones alarm no more often" in falling.warnings[-1]


def test_pod_that_hardly_rises_tells_that_90_percent_is_not_reached():
    rng = np.random.default_rng(4)
    flaws = simulate(rng, plates=30)
    curve = curve_of(flaws._replace(hits=rng.random(120) < 0.4 + 0.1 * (flaws.sizes > A50)))
    assert curve.a90 is None
    assert any("a90 is not told" in warning for warning in curve.warnings) or curve.slope <= 0
    assert curve.a90_95 is curve.a90_interval is None


def test_pod_warns_of_few_flaws_few_plates_and_extrapolation():
    flaws = mixed(3, 3)
    words = " ".join(curve_of(flaws._replace(plates=np.arange(40) % 4)).warnings)
    assert "40 are few: MIL-HDBK-1823A asks for 60" in words
    assert "4 plates are few" in words
    alone = curve_of(flaws._replace(plates=np.zeros(40, int)))
    assert alone.a90_interval is alone.a90_95 is None
    assert alone.a90_95_fit > alone.a90
    assert "no intervals over plates" in " ".join(alone.warnings)
    rare = Flaws(flaws.sizes, np.isin(np.arange(40), (19, 25, 30, 33, 36, 38, 39)), flaws.plates)
    curve = curve_of(rare)
    assert curve.largest < curve.a90 < 10 * curve.largest
    assert "a90 is extrapolated" in " ".join(curve.warnings)


@pytest.mark.parametrize("seed", range(12))
def test_pod_leaves_no_value_out_without_a_warning(seed, tmp_path):
    """Small random trials: whatever cannot be told has a warning, and no number is NaN or infinite."""
    rng = np.random.default_rng(seed)
    number = int(rng.integers(1, 30))
    sizes = np.exp(rng.uniform(-9, -7, number))
    flaws = Flaws(sizes, rng.random(number) < rng.random(), np.sort(rng.integers(0, 5, number)))
    _, plates = np.unique(flaws.plates, return_inverse=True)
    curve = curve_of(flaws._replace(plates=plates), BootstrapSettings(50, 0.95, seed))
    missing = [name for name in ("a50", "a90", "a90_95", "a90_95_fit") if getattr(curve, name) is None]
    assert curve.warnings or not missing
    write_pod_table(Pod((curve,), ()), tmp_path)
    row = pd.read_csv(tmp_path / "pod.csv").iloc[0]
    assert all(not isinstance(value, float) or not math.isinf(value) for value in row)
    assert [name for name in missing if not pd.isna(row[name])] == []


def test_pod_table_has_a_header_even_without_curves(tmp_path):
    write_pod_table(Pod((), ("dent",)), tmp_path)
    assert (tmp_path / "pod.csv").read_text().strip().split(",") == list(COLUMNS)


def test_pod_sizes_are_told_in_millimetres_and_visibility_as_it_is():
    assert (text_of(0.000123, "width"), text_of(2.5, "visibility")) == ("0.123 mm", "2.5")
